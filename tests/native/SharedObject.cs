using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Tests.Native;

/// <summary>What a shared object says of itself, by nm and readelf.</summary>
internal static class SharedObject
{
    /// <summary>Names of the functions that it defines for others, in ordinal order, without versions.</summary>
    public static IReadOnlyList<string> Functions(string path) =>
        [.. Symbols(path).Where(symbol => symbol.Kind is 'T' or 'W').Select(symbol => symbol.Name).Order(StringComparer.Ordinal)];

    /// <summary>Names of everything else that it defines for others: data, and the nodes of versions.</summary>
    public static IReadOnlyList<string> Others(string path) =>
        [.. Symbols(path).Where(symbol => symbol.Kind is not ('T' or 'W')).Select(symbol => symbol.Name).Order(StringComparer.Ordinal)];

    /// <summary>The dynamic section, as readelf prints it.</summary>
    public static string Dynamic(string path) => Run("readelf", "-dW", path);

    private static IEnumerable<(char Kind, string Name)> Symbols(string path)
    {
        foreach (string line in Run("nm", "-D", "--defined-only", path).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(3, parts.Length);
            yield return (parts[1][0], parts[2].Split('@')[0]);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        ProgramRun run = ProgramRunner.Run(program, arguments);
        Assert.True(run.ExitCode == 0, run.Errors);
        return run.Output;
    }
}
