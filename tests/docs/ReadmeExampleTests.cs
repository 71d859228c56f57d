using System;
using System.IO;
using Tests.Native;
using Xunit;

namespace Tests.Docs;

/// <summary>The C program of the README, compiled as it says, against the library that was published.</summary>
public sealed class ReadmeExampleTests
{
    [Fact]
    public void TheHostInCPrintsWhatTheReadmeSays()
    {
        string readme = File.ReadAllText(Repository.In("README.md"));
        int section = readme.IndexOf("## A host in C", StringComparison.Ordinal);
        Assert.True(section >= 0, "README.md has no section 'A host in C'");
        string source = Block(readme, "```c\n", section, out int after);
        string expected = Block(readme, "```text\n", after, out _);

        string folder = Path.GetDirectoryName(NativeTools.LibraryPath)!;
        string program = Repository.In("artifacts/test/native/readme-host");
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        File.WriteAllText(program + ".c", source);
        NativeTools.Compile(program, [program + ".c", "-L" + folder, "-lintrocore", "-Wl,-rpath," + folder]);

        ProgramRun run = ProgramRunner.Run(program, []);
        Assert.Equal("", run.Errors);
        Assert.Equal(expected, run.Output);
        Assert.Equal(0, run.ExitCode);
    }

    private static string Block(string text, string fence, int from, out int end)
    {
        int start = text.IndexOf(fence, from, StringComparison.Ordinal) + fence.Length;
        end = text.IndexOf("```\n", start, StringComparison.Ordinal);
        return text[start..end];
    }
}
