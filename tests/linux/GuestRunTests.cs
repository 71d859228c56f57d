using System;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>The runner itself, with guests that do not do what they should.</summary>
[Collection(GuestCollection.Name)]
public sealed class GuestRunTests
{
    [Fact]
    public void AGuestThatDoesNotEndIsEnded()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with { Plugin = null, Timeout = TimeSpan.FromSeconds(1) });

        Assert.True(run.TimedOut, run.Text());
        Assert.NotNull(DemoJudge.Complaint(run, DemoMode.Unwatched, ["idt"]));
        Assert.True(run.Elapsed < TimeSpan.FromSeconds(10), run.Text());
    }

    [Fact]
    public void ALibraryThatDoesNotLoadIsReported()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with { Library = LinuxGuest.Options.Images.Kernel });

        Assert.NotEqual(0, run.ExitCode);
        Assert.NotEmpty(run.Errors);
        Assert.Contains(LinuxGuest.Options.Images.Kernel, DemoJudge.Complaint(run, DemoMode.Block, ["idt"]), StringComparison.Ordinal);
    }
}
