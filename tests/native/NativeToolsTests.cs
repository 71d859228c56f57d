using System;
using Xunit;

namespace Tests.Native;

/// <summary>The tools of this folder see what goes wrong: a test that cannot fail proves nothing.</summary>
public sealed class NativeToolsTests
{
    private const string Good = "# group\nok 1 a\nok 2 b\n1..2\n";

    [Fact]
    public void AGoodReportHasNoComplaint() => Assert.Null(DriverReport.Complaint(new ProgramRun(0, "", "", Good)));

    [Theory]
    [InlineData(0, "", "", "", "before its plan")]
    [InlineData(139, "", "", "ok 1 a\n", "ended with 139 before its plan, after: ok 1 a")]
    [InlineData(1, "", "", "ok 1 a\nnot ok 2 b: why\n1..2\n", "not ok 2 b: why")]
    [InlineData(0, "", "", "ok 1 a\n1..2\n", "1 checks were reported, 2 were planned")]
    [InlineData(0, "", "", "1..0\n", "0 checks were reported")]
    [InlineData(3, "", "", Good, "exit code 3 without a failed check")]
    [InlineData(0, "words", "", Good, "standard output: words")]
    [InlineData(0, "", "words", Good, "standard error: words")]
    [InlineData(0, "", "", "rubbish\n" + Good, "not a line of a report: rubbish")]
    public void ABadRunHasOne(int exitCode, string output, string errors, string report, string complaint) =>
        Assert.Contains(complaint, DriverReport.Complaint(new ProgramRun(exitCode, output, errors, report)), StringComparison.Ordinal);

    [Fact]
    public void AProgramIsRunWithItsThreeOutputsApart()
    {
        ProgramRun run = ProgramRunner.Run("sh", ["-c", "echo one; echo two >&2; echo three >&3; exit 5"]);
        Assert.Equal(new ProgramRun(5, "one\n", "two\n", "three\n"), run);
    }

    [Fact]
    public void AProgramThatIsKilledSaysSo()
    {
        ProgramRun run = ProgramRunner.Run("sh", ["-c", "kill -SEGV $$"]);
        Assert.Equal(128 + 11, run.ExitCode);
    }

    [Fact]
    public void WhatDoesNotCompileIsAnError()
    {
        string target = Repository.In("artifacts/test/native/never");
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(
            () => NativeTools.Compile(target, ["-x", "c", Repository.In("Engine.sln")]));
        Assert.Contains("does not compile never", error.Message, StringComparison.Ordinal);
    }
}
