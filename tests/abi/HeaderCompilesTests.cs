using System;
using System.IO;
using Tests.Native;
using Xunit;

namespace Tests.Abi;

/// <summary>The header compiles without a word in C and in C++, as the first and only thing included, once and twice.</summary>
public sealed class HeaderCompilesTests
{
    private static readonly string[] Strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wundef"];

    [Theory]
    [InlineData("gcc", "c", "c99")]
    [InlineData("gcc", "c", "c11")]
    [InlineData("gcc", "c", "c17")]
    [InlineData("g++", "c++", "c++17")]
    [InlineData("g++", "c++", "c++20")]
    public void WithoutAWarning(string compiler, string language, string standard) =>
        Assert.Empty(Compile(compiler, language, standard, """
            #include "introcore.h"
            #include "introcore.h"

            int probe(void);
            int probe(void)
            {
                static GLUE_IFACE glue;
                static VCPU_STATE state;
                return glue.NewGuestNotification == 0 && state.Regs.Rax == 0 && INT_SUCCESS(INT_STATUS_NOT_NEEDED_HINT) &&
                       (state.PushedMask & VCPU_REG_SUFFICIENT) == 0;
            }
            """));

    [Theory]
    [InlineData("gcc", "c", "c99")]
    [InlineData("g++", "c++", "c++17")]
    public void AMistakeIsSeen(string compiler, string language, string standard) =>
        Assert.NotEmpty(Compile(compiler, language, standard, """
            #include "introcore.h"

            int probe(void);
            int probe(void)
            {
                GLUE_IFACE glue;
                glue.NewGuestNotification = glue.DisableIntro;
                return 0;
            }
            """));

    [Fact]
    public void FunctionsHaveTheirCNamesInCPlusPlus()
    {
        string path = Write("names", """
            #include "introcore.h"
            const void *names[] = {(const void *)IntInit, (const void *)IntStatusToString};
            """);
        ProgramRun run = ProgramRunner.Run("g++", ["-x", "c++", "-I" + Path.GetDirectoryName(Repository.Header), "-S", "-o", "-", path]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("IntInit", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("_Z7IntInit", run.Output, StringComparison.Ordinal);
    }

    private static string Compile(string compiler, string language, string standard, string code)
    {
        string path = Write($"{language}-{standard}-{code.Length}", code);
        ProgramRun run = ProgramRunner.Run(
            compiler,
            [.. Strict, "-x", language, "-std=" + standard, "-I" + Path.GetDirectoryName(Repository.Header), "-fsyntax-only", path]);
        return run.ExitCode == 0 ? run.Errors : $"exit code {run.ExitCode}: {run.Errors}";
    }

    private static string Write(string name, string code)
    {
        string path = Repository.In($"artifacts/test/native/header-{name}.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, code + "\n");
        return path;
    }
}
