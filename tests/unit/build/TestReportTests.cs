using System;
using System.IO;
using Build.Verbs;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class TestReportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void TheClosingLineCounts()
    {
        Write("passed=\"3\" failed=\"0\" skipped=\"0\" errors=\"0\"");
        TestReport report = TestReport.Read(_file, 0);
        Assert.Equal(("3 passed, 0 failed", true), (report.ClosingLine, report.Succeeded));

        Write("passed=\"3\" failed=\"1\" skipped=\"2\" errors=\"1\"");
        report = TestReport.Read(_file, 1);
        Assert.Equal(("3 passed, 2 failed, 2 skipped", false), (report.ClosingLine, report.Succeeded));
    }

    [Fact]
    public void NoTestIsAFailure()
    {
        Write("passed=\"0\" failed=\"0\" skipped=\"1\" errors=\"0\"");
        Assert.False(TestReport.Read(_file, 0).Succeeded);
    }

    [Fact]
    public void ARunnerThatDiedIsAFailure()
    {
        Write("passed=\"3\" failed=\"0\" skipped=\"0\" errors=\"0\"");
        Assert.Equal("3 passed, 1 failed", TestReport.Read(_file, 134).ClosingLine);

        File.WriteAllText(_file, "<assemblies><assembly ");
        Assert.Equal("0 passed, 1 failed", TestReport.Read(_file, 134).ClosingLine);

        File.Delete(_file);
        Assert.False(TestReport.Read(_file, 0).Succeeded);
    }

    private void Write(string attributes) =>
        File.WriteAllText(_file, $"<assemblies><assembly {attributes} /></assemblies>");
}
