using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>How long it takes to guard many pages.</summary>
[Collection(GuestCollection.Name)]
public sealed class GuardTimeTests
{
    private const ulong Frames = 6000;
    private const ulong LongestMicroseconds = 200_000;

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void ThousandsOfScatteredPagesAreGuardedAndReleasedInNoTime(string qemu)
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with { Attacks = ["idt"], PluginArguments = [$"guard-test={Frames}"] });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        PluginEvent[] measured = [.. run.Events.Where(e => e.Is("guard-test"))];
        Assert.True(measured.Length == 1, run.Text());
        Assert.Equal(Frames, measured[0].Number("frames"));
        Assert.InRange(measured[0].Number("guard-us"), 1UL, LongestMicroseconds);
        Assert.InRange(measured[0].Number("release-us"), 1UL, LongestMicroseconds);
        Assert.True(run.GuardedPages.Count == 0, run.Text());
        Console.Out.WriteLine($"QEMU {qemu}: guard-test: {measured[0].Text}");
    }
}
