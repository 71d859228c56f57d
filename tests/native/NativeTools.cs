using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Tests.Native;

/// <summary>
/// Compiles the C of the tests, and knows where the library under test is. Nothing here depends on the test framework, so that the
/// build program may use it as well.
/// </summary>
public static class NativeTools
{
    private const string Compiler = "gcc";

    private static readonly string[] Options =
        ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I" + Repository.In("exports/include")];

    private static readonly Lazy<string> AllowAll = new(() =>
    {
        string target = Repository.In("artifacts/test/lib/liballow-all.so");
        Compile(target, ["-shared", "-fPIC", "-fvisibility=hidden", .. Sources("allow-all.c", "library.c"), "-ldl", "-pthread"]);
        return target;
    });

    /// <summary>The published library; the environment variable INTROCORE_LIBRARY names another one.</summary>
    public static string LibraryPath =>
        Existing(Environment.GetEnvironmentVariable("INTROCORE_LIBRARY") ?? Repository.In("artifacts/lib/libintrocore.so"));

    /// <summary>Its variant for tests, which exports IntTestAllocatedBytes besides.</summary>
    public static string TestLibraryPath => Existing(Repository.In("artifacts/test/lib/libintrocore.so"));

    /// <summary>The stand-in that lets every store happen (allow-all.c); it finds the real library by INTROCORE_REAL.</summary>
    public static string BuildAllowAll() => AllowAll.Value;

    /// <summary>Compiles a program into artifacts/test/native.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="patterns">Names of its sources in tests/native, with * for any number of characters.</param>
    public static string BuildProgram(string name, params string[] patterns)
    {
        string target = Repository.In("artifacts/test/native/" + name);
        Compile(target, [.. Sources(patterns), "-ldl", "-pthread"]);
        return target;
    }

    /// <summary>Runs the compiler; the target appears only when all went well.</summary>
    public static void Compile(string target, IReadOnlyList<string> arguments)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);

        // Two runs of the tests at a time do not disturb each other: each has a file of its own until it is done.
        string unfinished = $"{target}.{Environment.ProcessId}.new";
        ProgramRun run = ProgramRunner.Run(Compiler, [.. Options, .. arguments, "-o", unfinished]);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"{Compiler} does not compile {Path.GetFileName(target)}:\n{run.Output}{run.Errors}");
        File.Move(unfinished, target, overwrite: true);
    }

    private static IEnumerable<string> Sources(params string[] patterns) =>
        patterns.SelectMany(pattern => Directory.EnumerateFiles(Repository.In("tests/native"), pattern))
            .Order(StringComparer.Ordinal);

    private static string Existing(string path) =>
        File.Exists(path) ? path : throw new InvalidOperationException($"{path} is not there: ./build.ps1 build makes it");
}
