namespace Build.Runs;

/// <summary>What the plug-in counted and timed during a run; times in nanoseconds an exit.</summary>
/// <param name="Stores">Exits that were stores to guarded pages.</param>
/// <param name="Restarts">How often protection was ended and started again.</param>
public sealed record RunStats(
    ulong Exits, ulong Blocked, ulong Allowed, double EngineMedian, double EngineMean, double GlueMean, ulong Stores, ulong Restarts)
{
    public static RunStats? From(PluginEvent line) =>
        line.Is("stats")
            ? new RunStats(
                line.Number("exits"), line.Number("blocked"), line.Number("allowed"), line.Fraction("engine-ns-median"),
                line.Fraction("engine-ns-mean"), line.Fraction("glue-ns-mean"), line.Number("store"), line.Number("restarts"))
            : null;
}
