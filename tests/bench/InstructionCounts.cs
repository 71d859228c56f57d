using System;
using System.Collections.Generic;
using System.IO;
using Build;
using Build.Measurements;
using Build.Tools;

namespace Tests.Bench;

/// <summary>The counts of the published library, measured once for all tests.</summary>
internal static class InstructionCounts
{
    private static readonly ProjectPaths _paths = ProjectPaths.Find();

    private static readonly Lazy<IReadOnlyDictionary<string, double>> _measured = new(() =>
    {
        NativeBench native = new(new BuildContext(_paths, new Progress(TextWriter.Null)));
        native.Compile();
        return native.Count();
    });

    private static readonly Lazy<IReadOnlyDictionary<string, double>> _recorded = new(() => RecordedCounts.Read(_paths));

    public static IReadOnlyDictionary<string, double> Measured => _measured.Value;

    public static IReadOnlyDictionary<string, double> Recorded => _recorded.Value;
}
