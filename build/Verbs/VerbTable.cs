using System.Collections.Generic;

namespace Build.Verbs;

/// <summary>Every verb, in the order of the usage text. A new verb is a class and a line here.</summary>
public static class VerbTable
{
    public static IReadOnlyList<IVerb> All { get; } =
    [
        new BuildVerb(),
        new TestVerb(),
        new DemoVerb(),
        new FuzzVerb(),
        new BenchVerb(),
        new DoctorVerb(),
        new CleanVerb(),
        new HelpVerb(),
    ];
}
