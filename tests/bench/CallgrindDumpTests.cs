using System.Collections.Generic;
using Build.Cli;
using Build.Measurements;
using Xunit;

namespace Tests.Bench;

/// <summary>The cost of an event is the difference of two dumps of different length.</summary>
public sealed class CallgrindDumpTests
{
    [Fact]
    public void TheCostOfAnEventIsTheDifference()
    {
        IReadOnlyDictionary<string, double> costs = CallgrindDump.CostOfEvents(
            [Dump("a 100", 5_070), Dump("b 10", 77), "no dump at all", Dump("a 300", 15_070), Dump("b 20", 97)]);
        Assert.Equal(2, costs.Count);
        Assert.Equal(50, costs["a"]);
        Assert.Equal(2, costs["b"]);
    }

    [Fact]
    public void TheOrderOfTheDumpsDoesNotMatter() =>
        Assert.Equal(50, CallgrindDump.CostOfEvents([Dump("a 300", 15_070), Dump("a 100", 5_070)])["a"]);

    [Fact]
    public void WithoutPairsThereIsNoResult() =>
        Assert.Throws<BuildException>(() => CallgrindDump.CostOfEvents([Dump("a 100", 5_070), Dump("b 100", 5_070)]));

    private static string Dump(string name, long cost) =>
        $"# callgrind format\nversion: 1\n\ndesc: Timerange: Basic block 0 - 9\ndesc: Trigger: Client Request: {name}\n\n"
        + $"positions: line\nevents: Ir\nsummary: {cost}\n\nfn=(1) f\n1 {cost}\ntotals: {cost}\n";
}
