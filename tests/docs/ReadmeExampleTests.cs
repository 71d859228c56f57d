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
        const string Heading = "## A host in C";
        string source = MarkdownExample.Block("README.md", Heading, "c");
        string expected = MarkdownExample.Block("README.md", Heading, "text");

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
}
