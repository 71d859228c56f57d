using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace Tests.Native;

/// <summary>The report of a program that uses check.h: which checks held, which did not, and whether it came to its end.</summary>
public sealed partial class DriverReport
{
    private const string NotePrefix = "# ";

    private readonly List<string> _failed = [];
    private readonly List<string> _notes = [];
    private int? _plan;
    private string _last = "";

    private DriverReport()
    {
    }

    /// <summary>Checks that held.</summary>
    public int Passed { get; private set; }

    /// <summary>Those that did not, each with its reason.</summary>
    public IReadOnlyList<string> Failed => _failed;

    /// <summary>Notes, without their mark.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Reads a report.</summary>
    public static DriverReport Parse(string text)
    {
        DriverReport report = new();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            report.Add(line);
        return report;
    }

    /// <summary>What is wrong with a run, or null: a check that failed, an end before the plan, output that should not be.</summary>
    public static string? Complaint(ProgramRun run)
    {
        DriverReport report = Parse(run.Report);
        StringBuilder text = new();
        foreach (string failed in report._failed)
            text.AppendLine(failed);
        int count = report.Passed + report._failed.Count;
        if (report._plan is null)
            text.AppendLine(CultureInfo.InvariantCulture, $"it ended with {run.ExitCode} before its plan, after: {report._last}");
        else if (report._plan != count || count == 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{count} checks were reported, {report._plan} were planned");
        if (run.ExitCode != 0 && report._failed.Count == 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"exit code {run.ExitCode} without a failed check");
        if (run.Output.Length != 0)
            text.AppendLine("something was written to standard output: " + run.Output);
        if (run.Errors.Length != 0)
            text.AppendLine("something was written to standard error: " + run.Errors);
        if (text.Length == 0)
            return null;
        foreach (string note in report._notes.TakeLast(12))
            text.AppendLine(NotePrefix + note);
        return text.ToString();
    }

    [GeneratedRegex(@"^(?<failed>not )?ok (?<number>\d+) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Result();

    [GeneratedRegex(@"^1\.\.(?<count>\d+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Plan();

    private void Add(string line)
    {
        _last = line;
        if (line.StartsWith(NotePrefix, StringComparison.Ordinal))
            _notes.Add(line[NotePrefix.Length..]);
        else if (Plan().Match(line) is { Success: true } plan)
            _plan = int.Parse(plan.Groups["count"].Value, CultureInfo.InvariantCulture);
        else if (Result().Match(line) is not { Success: true } result)
            _failed.Add("not a line of a report: " + line);
        else if (result.Groups["failed"].Success)
            _failed.Add(line);
        else
            Passed++;
    }
}
