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
        string folder = Directory.CreateTempSubdirectory("introcore-path-").FullName;
        try
        {
            foreach (string tool in new[] { "dirname", "sh" })
                File.CreateSymbolicLink(Path.Combine(folder, tool), Locate(tool));
            ToolResult result = Tool.Run("env", [$"PATH={folder}", "sh", _script, "help"], Path.GetTempPath());

            Assert.Equal(ExitCode.Missing, result.ExitCode);
            Assert.Contains("SDK 10.0", result.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Locate(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(f => Path.Combine(f, tool)).First(File.Exists);
}
