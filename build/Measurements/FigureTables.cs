using System.Globalization;
using System.Linq;
using System.Text;

namespace Build.Measurements;

/// <summary>Writes the figures as Markdown tables.</summary>
public static class FigureTables
{
    /// <summary>Every event, with times.</summary>
    public static string Events(Measured measured)
    {
        StringBuilder table = new("| Event | Case | Reference, instructions | Ours, instructions | Bar | | ns, best | ns, median |\n");
        table.Append("|---|---|--:|--:|--:|---|--:|--:|\n");
        foreach (BenchCase about in BenchCases.All)
        {
            if (measured.Find(about.Name) is { } figure)
            {
                table.Append(CultureInfo.InvariantCulture,
                    $"| {about.Text} | `{about.Name}` | {Whole(about.Reference)} | {Whole(figure.Instructions)} | {BarOf(about)} | {Verdict(about, figure)} | {figure.NsMin:F1} | {figure.NsMedian:F1} |\n");
            }
        }

        return table.ToString();
    }

    /// <summary>What is no event.</summary>
    public static string Values(Measured measured)
    {
        StringBuilder table = new("| Figure | Reference | Ours | Bar | |\n|---|--:|--:|--:|---|\n");
        foreach (ValueCase about in ValueCases.All)
        {
            if (measured.Find(about.Name)?.Value is double value)
                table.Append($"| {about.Text} | {about.Reference} | {about.Show(value)} | {about.BarText} | {Word(about.IsMet(value))} |\n");
        }

        return table.ToString();
    }

    /// <summary>What the README shows: events that both engines have, and what is said about many vCPUs.</summary>
    public static string Short(Measured measured)
    {
        StringBuilder table = new("| Case | HVMI introcore | This engine | Bar |\n|---|--:|--:|--:|\n");
        foreach (BenchCase about in BenchCases.All.Where(known => known.Reference is not null))
        {
            if (measured.Find(about.Name)?.Instructions is double count)
                table.Append($"| {about.Text} | {Whole(about.Reference)} | {Whole(count)} | {BarOf(about)} |\n");
        }

        table.Append("\nInstructions an event through the C interface; ");
        if (measured.Find("scale_ratio")?.Value is double ratio)
            table.Append(CultureInfo.InvariantCulture, $"two vCPUs of one guest do {ratio:F2} × the work of two separate processes.");
        return table.Append("\nMore in [docs/benchmarks.md](docs/benchmarks.md).\n").ToString();
    }

    public static string Guest(GuestCost cost) => string.Create(CultureInfo.InvariantCulture,
        $"""
        | | Without the plug-in | With the engine | Ratio |
        |---|--:|--:|--:|
        | QEMU's start to the guest's shell | {cost.BootBare:F2} s | {cost.BootWatched:F2} s | {cost.BootRatio:F2} |
        | the workload | {cost.WorkBare:F2} s | {cost.WorkWatched:F2} s | {cost.WorkRatio:F2} |

        Medians of {cost.Runs} runs each, in turns. A run with the workload had {cost.WorkExits:F0} exits: nothing else writes to the
        guarded page. {cost.AttackExits} attacks in a row, each blocked with its alert and log line, took {cost.EngineMedian / 1000:F1} µs
        an exit in the engine (median; mean {cost.EngineMean / 1000:F1} µs) and {cost.GlueMean / 1000:F1} µs in the glue besides (mean), printing included.
        """);

    public static string Verdict(BenchCase about, Figure figure) =>
        Word(about.Bar is int bar && figure.Instructions is double count ? count <= bar : null);

    private static string Word(bool? met) => met switch
    {
        true => "met",
        false => "**missed**",
        null => "",
    };

    private static string BarOf(BenchCase about) => about.Bar is int bar ? "≤ " + Whole(bar) : "";

    private static string Whole(double? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "";
}
