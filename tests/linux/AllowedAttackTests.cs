using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>The same attack where it is let through: by being told to, or by nobody being there.</summary>
[Collection(GuestCollection.Name)]
public sealed class AllowedAttackTests
{
    [Fact]
    public void LogOnlyReportsTheAttackAndLetsItLand()
    {
        GuestRunResult run = LinuxGuest.Run(
            LinuxGuest.Options with { EngineOptions = EngineOption.ProtectIdt | EngineOption.LogOnly });

        Assert.Null(DemoJudge.Complaint(run, DemoMode.LogOnly));
        LinuxGuest.AssertEndedWith(GuestVerdict.Landed, run);
        Assert.Equal(run.Attack!.New, run.Reading!.ThroughIdt);
        EptAlert alert = LinuxGuest.AssertOneAlert(run);
        Assert.True(alert.Beta);
        Assert.Equal(run.Attack.Rip, alert.Rip);
    }

    [Fact]
    public void WithoutTheEngineTheAttackLands()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with { Plugin = null });

        LinuxGuest.AssertEndedWith(GuestVerdict.Landed, run);
    }
}
