using System;
using System.IO;
using System.Linq;
using Build;
using Build.Cli;
using Build.Tools;
using Xunit;

namespace Tests.Unit.BuildProgram;

/// <summary>build.ps1 as a POSIX shell runs it.</summary>
public sealed class HandOverTests
{
    private static readonly string _script = ProjectPaths.Find().In("build.ps1");

    [Fact]
    public void AnUnknownVerbOrOptionIsAnsweredWithTheUsage()
    {
        foreach (string[] words in new[] { new[] { "no such verb" }, ["demo", "--no-such-option"], [] })
        {
            ToolResult result = Tool.Run("sh", [_script, .. words], Path.GetTempPath());

            Assert.Equal(ExitCode.Usage, result.ExitCode);
            Assert.Contains("--allow", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ArgumentsWithBlanksArriveWhole()
    {
        ToolResult result = Tool.Run("sh", [_script, "no such verb"], Path.GetTempPath());

        Assert.Contains("'no such verb'", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutDotnetItSaysWhatToInstall()
    {
        ToolResult result = RunWithOnly(["dirname", "sh"], "help");

        Assert.Equal(ExitCode.Missing, result.ExitCode);
        Assert.Contains("SDK 10.0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void TheDoctorFindsWhatIsThereAndWhatIsMissing()
    {
        ToolResult whole = Tool.Run("sh", [_script, "doctor"], Path.GetTempPath());
        ToolResult poor = RunWithOnly(["dirname", "sh", "find", "head", "env", "dotnet"], "doctor");

        Assert.Matches(@"(?m)^\.NET SDK +installed +\d+\.", whole.Output);
        Assert.Matches(@"(?m)^gcc +installed .*build", whole.Output);
        Assert.Matches(@"(?m)^QEMU 7\.2 .*\n^QEMU 10\.0 .*\n^/dev/kvm ", whole.Output);
        Assert.Equal(whole.Output.Contains("MISSING", StringComparison.Ordinal) ? ExitCode.Missing : ExitCode.Ok, whole.ExitCode);
        Assert.Matches(@"(?m)^qemu-system-x86 +MISSING .*demo", poor.Output);
        Assert.Contains("install with: ", poor.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Missing, poor.ExitCode);
    }

    /// <summary>The script where no other programs are on PATH.</summary>
    private static ToolResult RunWithOnly(string[] programs, string verb)
    {
        string folder = Directory.CreateTempSubdirectory("introcore-path-").FullName;
        try
        {
            foreach (string tool in programs)
                File.CreateSymbolicLink(Path.Combine(folder, tool), Locate(tool));
            return Tool.Run("env", [$"PATH={folder}", "sh", _script, verb], Path.GetTempPath());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Locate(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool)).First(File.Exists);
}
