using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using Tests.Native;
using Xunit;

namespace Tests.Docs;

/// <summary>docs/functions.md against the names that it has to cover, the engine and the tests.</summary>
public sealed class FunctionsTableTests
{
    private const BindingFlags AnyMember =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    private static readonly FunctionRow[] s_rows = [.. Read()];

    [Fact]
    public void EveryNameStandsOnceUnderItsArea()
    {
        string[] expected = File.ReadAllLines(Path.Combine(Repository.Root, "tests", "docs", "functions.tsv"));
        Assert.Equal(204, expected.Length);
        Assert.Equal(
            expected.Select(line => line.Split('\t')[1]).Order(StringComparer.Ordinal),
            s_rows.Select(row => row.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void StatesAreKnownAndCounted()
    {
        Assert.All(s_rows, row => Assert.Contains(row.State, (string[])["done", "partly", "not yet"]));
        int Count(string state) => s_rows.Count(row => string.Equals(row.State, state, StringComparison.Ordinal));
        Assert.Contains(
            $"{s_rows.Length} functions: {Count("done")} done, {Count("partly")} partly, {Count("not yet")} not yet.",
            File.ReadAllText(Document),
            StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsBuiltNamesAMemberAndATestThatExist()
    {
        foreach (FunctionRow row in s_rows)
        {
            if (string.Equals(row.State, "not yet", StringComparison.Ordinal))
            {
                Assert.True(row.Member.Length == 0 && row.Test.Length == 0, $"{row.Name} is not yet and names something");
                continue;
            }

            Assert.True(MemberExists(row.Member), $"{row.Name}: there is no member {row.Member}");
            Assert.True(
                typeof(FunctionsTableTests).Assembly.GetType(row.Test) is { } test && HasFacts(test),
                $"{row.Name}: there is no test class {row.Test}");
        }
    }

    [Fact]
    public void WhatIsMissingOfAPartIsSaid() => Assert.All(
        s_rows.Where(row => string.Equals(row.State, "partly", StringComparison.Ordinal)), row => Assert.NotEmpty(row.Note));

    private static string Document => Path.Combine(Repository.Root, "docs", "functions.md");

    private static IEnumerable<FunctionRow> Read()
    {
        foreach (string line in File.ReadLines(Document))
        {
            string[] cells = line.Split('|');
            if (cells.Length == 7 && cells[1].StartsWith(" `", StringComparison.Ordinal))
                yield return new FunctionRow(Clean(cells[1]), Clean(cells[2]), Clean(cells[3]), Clean(cells[4]), Clean(cells[5]));
        }
    }

    private static string Clean(string cell) => cell.Trim().Trim('`');

    /// <summary>A member of the engine by reflection; an entry point by its source file, since the library is native.</summary>
    private static bool MemberExists(string name)
    {
        if (name.StartsWith("Exports.", StringComparison.Ordinal))
        {
            string[] parts = name.Split('.');
            return File.Exists(Path.Combine([Repository.Root, "exports", .. parts[1..^1], parts[^1] + ".cs"]));
        }

        Assembly engine = typeof(Engine.Limits).Assembly;
        int dot = name.LastIndexOf('.');
        return engine.GetType(name) is not null ||
            engine.GetType(name[..dot])?.GetMember(name[(dot + 1)..], AnyMember).Length > 0;
    }

    private static bool HasFacts(Type test) => test.GetMethods().Any(method => method.IsDefined(typeof(FactAttribute), inherit: true));
}
