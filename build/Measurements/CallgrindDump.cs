using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.RegularExpressions;
using Build.Cli;

namespace Build.Measurements;

/// <summary>Reads callgrind's dumps: each is named by its case and its number of events.</summary>
public static partial class CallgrindDump
{
    /// <summary>The cost of one event of each case, from two dumps of different length.</summary>
    public static IReadOnlyDictionary<string, double> CostOfEvents(IEnumerable<string> dumps)
    {
        Dictionary<string, (long Events, long Cost)> first = new(StringComparer.Ordinal);
        Dictionary<string, double> costs = new(StringComparer.Ordinal);
        foreach (string dump in dumps)
        {
            Match name = Name().Match(dump);
            Match cost = Cost().Match(dump);
            if (!name.Success || !cost.Success)
                continue;
            string what = name.Groups["case"].Value;
            long events = Number(name.Groups["events"].Value);
            long instructions = Number(cost.Groups["cost"].Value);
            if (first.TryGetValue(what, out (long Events, long Cost) other))
                costs[what] = (double)(instructions - other.Cost) / (events - other.Events);
            else
                first[what] = (events, instructions);
        }

        return costs.Count > 0 ? costs : throw new BuildException("callgrind left no pair of dumps: see artifacts/log/bench-callgrind.log");
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^desc: Trigger: Client Request: (?<case>\S+) (?<events>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"^(summary|totals): (?<cost>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Cost();
}
