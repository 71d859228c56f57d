using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Tests.Guest;

/// <summary>Reads what introvm says.</summary>
internal static partial class KvmReport
{
    private const int TailLines = 40;

    /// <summary>It ran to its end, something held, nothing failed, and the count in its last line is right.</summary>
    public static void AssertGood(KvmRun run)
    {
        string[] failed = [.. Of(run, "FAILED ")];
        Assert.True(failed.Length == 0, $"{run.Title}: {failed.Length} checks failed\n{string.Join('\n', failed)}\n{Tail(run)}");
        Match end = run.Lines.Select(line => End().Match(line)).LastOrDefault(match => match.Success) ?? Match.Empty;
        Assert.True(end.Success && run.ExitCode == 0, $"{run.Title}: introvm did not come to its end\n{Tail(run)}");
        Assert.Equal(Of(run, "ok ").Count(), int.Parse(end.Groups["passed"].Value, CultureInfo.InvariantCulture));
        Assert.NotEmpty(Of(run, "ok "));
    }

    /// <summary>Lines of a kind.</summary>
    public static IEnumerable<string> Of(KvmRun run, string start) =>
        run.Lines.Where(line => line.StartsWith(start, StringComparison.Ordinal));

    private static string Tail(KvmRun run) =>
        $"the last of {run.Lines.Count} lines:\n{string.Join('\n', run.Lines.TakeLast(TailLines))}";

    [GeneratedRegex(@"^introvm: (?<passed>\d+) passed, 0 failed, \d+ skipped$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex End();
}
