using System.Collections.Generic;
using System.IO;
using Build;
using Build.Measurements;
using Build.Tools;
using Xunit;

namespace Tests.Bench;

/// <summary>Hooks stay as small as is asked for.</summary>
public sealed class HookMemoryTests
{
    [Fact]
    public void HooksAreSmall()
    {
        ManagedBench bench = new(new BuildContext(ProjectPaths.Find(), new Progress(TextWriter.Null)));
        IReadOnlyDictionary<string, double> bytes = bench.HookBytes();
        Assert.InRange(bytes["hook_bytes"], 40, 64);
        Assert.InRange(bytes["linear_hook_bytes"], 200, 256);
    }
}
