using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Engine.Vcpus;
using Xunit;

namespace Tests.Abi;

/// <summary>The record of a vCPU: its size, and the table in the header's comment that tells people what lies where.</summary>
public sealed partial class VcpuRecordTests
{
    private static readonly Lazy<IReadOnlyList<ReferenceFact>> C = new(() => CompilerProbe.Structures(["VCPU_STATE"]));

    private static int Size => Number(C.Value.Single(fact => fact.Kind is "type").First);

    [Fact]
    public void ItIsWholeCacheLinesAndNotMoreThanAKilobyte()
    {
        Assert.InRange(Size, 1, 1024);
        Assert.Equal(0, Size % 64);
        Assert.Equal(Size, CSharpLayout.SizeOf(typeof(VcpuState)));
    }

    [Fact]
    public void TheCommentTellsItsSize()
    {
        Match size = SizeInComment().Match(HeaderText.Whole);
        Assert.True(size.Success);
        Assert.Equal(Size, Number(size.Groups["size"].Value));
    }

    [Fact]
    public void TheTableInTheCommentIsTrue()
    {
        List<(string Name, int Offset, int End)> fields = [.. TopLevel()];
        List<Match> rows = [.. Row().Matches(HeaderText.Whole).Cast<Match>()];
        Assert.True(rows.Count > 20, $"only {rows.Count} rows were found");
        int at = 0;
        foreach (Match row in rows)
        {
            int offset = Number(row.Groups["offset"].Value);
            int end = offset + Number(row.Groups["size"].Value);
            Assert.True(offset == at, $"the row of {row.Groups["fields"].Value} starts at {offset}, the one before ends at {at}");
            at = end;

            List<string> inside = [.. fields.Where(field => field.Offset >= offset && field.Offset < end).Select(field => field.Name)];
            Assert.All(
                fields.Where(field => inside.Contains(field.Name, StringComparer.Ordinal)),
                field => Assert.True(field.End <= end, $"{field.Name} goes on behind its row"));
            AssertNames(row.Groups["fields"].Value, inside);
        }

        Assert.Equal(Size, at);
    }

    /// <summary>Names are a list, or the first and the last of a run; the first is where the row starts.</summary>
    private static void AssertNames(string text, List<string> inside)
    {
        string[] named = text.Split(text.Contains("..", StringComparison.Ordinal) ? " .. " : ", ", StringSplitOptions.TrimEntries);
        Assert.NotEmpty(inside);
        Assert.StartsWith(named[0], inside[0], StringComparison.Ordinal);
        Assert.All(named.Skip(1), name => Assert.Contains(name, inside, StringComparer.Ordinal));
        if (text.Contains("..", StringComparison.Ordinal))
            Assert.Equal(inside[^1], named[^1]);
        else
            Assert.True(inside.Except(named, StringComparer.Ordinal).All(name => name.StartsWith("Reserved", StringComparison.Ordinal)),
                $"the row of {text} leaves something out of {string.Join(", ", inside)}");
    }

    private static IEnumerable<(string Name, int Offset, int End)> TopLevel() =>
        C.Value.Where(fact => fact.Kind is "member" && !fact.Name.Contains('.', StringComparison.Ordinal))
            .Select(fact => (fact.Name, Number(fact.First), Number(fact.First) + Number(fact.Second)));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"The record of one vCPU: (?<size>\d+) bytes, 64-byte aligned", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex SizeInComment();

    [GeneratedRegex(
        @"^ \*\s+(?<offset>\d+)\s+(?<size>\d+)  (?<fields>[A-Z]\w*((, | \.\. )\w+)*)(?= +(engine|glue)\b|\s*$)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Row();
}
