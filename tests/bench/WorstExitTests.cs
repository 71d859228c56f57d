using System;
using System.IO;
using Build;
using Build.Measurements;
using Build.Tools;
using Xunit;

namespace Tests.Bench;

/// <summary>Exits made of random bytes, hundreds of thousands of them: the published library lives, and the search ends with one that
/// can be replayed.</summary>
public sealed class WorstExitTests(ITestOutputHelper output)
{
    [Fact]
    public void ASearchForTheMostExpensiveExitEndsWithOne()
    {
        NativeBench native = new(new BuildContext(ProjectPaths.Find(), new Progress(TextWriter.Null)));
        native.Compile();
        int seed = Environment.TickCount & int.MaxValue;
        string found = native.Worst("3", seed);
        output.WriteLine($"seed {seed}: {found}");
        Assert.Matches("^worst [0-9]{3,9} ticks, [0-9]{4,9} tried: [0-9a-f]{128}$", found);
    }
}
