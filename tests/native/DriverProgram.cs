using System;
using System.Collections.Generic;
using Xunit;

namespace Tests.Native;

/// <summary>A program of this folder that uses check.h, compiled when it is first wanted.</summary>
public sealed class DriverProgram(string name, params string[] patterns)
{
    private static readonly string[] Fake = ["fake-*.c", "check.c", "groups.c", "library.c"];

    private readonly Lazy<string> _path = new(() => NativeTools.BuildProgram(name, [.. patterns, .. Fake]));

    /// <summary>Runs it and fails with every check that failed, and with what it should not have written.</summary>
    public void AssertHolds(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the library and the C programs are for Linux");
        string? complaint = DriverReport.Complaint(ProgramRunner.Run(_path.Value, arguments, environment));
        if (complaint is not null)
            Assert.Fail(complaint);
    }

    /// <summary>The notes of a run that has to end well.</summary>
    public IReadOnlyList<string> Notes(IReadOnlyList<string> arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the library and the C programs are for Linux");
        ProgramRun run = ProgramRunner.Run(_path.Value, arguments);
        Assert.Equal(0, run.ExitCode);
        return DriverReport.Parse(run.Report).Notes;
    }

    /// <summary>The groups that it says it has.</summary>
    public IReadOnlyList<string> Groups() => Notes(["--list"]);
}
