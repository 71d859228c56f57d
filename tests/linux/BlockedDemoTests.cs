using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>A kernel module attacks its kernel in five ways: nothing must happen, and each alert must be true.</summary>
[Collection(GuestCollection.Name)]
public sealed class BlockedDemoTests
{
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void TheDemoSucceeds(string qemu)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.Block);

        string? complaint = DemoJudge.Complaint(run, DemoMode.Block, AttackKinds.Demo);
        Assert.True(complaint is null, $"{complaint}\n{run.Text()}");
        Assert.Equal(string.Join(' ', AttackKinds.Demo), string.Join(' ', run.Outcomes.Select(o => o.Attack.What)));
    }

    [Theory]
    [MemberData(nameof(QemuVersions.WithDemoKinds), MemberType = typeof(QemuVersions))]
    public void TheGuestFindsWhatWasThereBefore(string qemu, string kind)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.Block);
        AttackOutcome outcome = LinuxGuest.OutcomeOf(kind, run);

        Assert.Equal(GuestVerdict.Blocked, outcome.Verdict);
        Assert.True(Numbers.Same(outcome.Attack.Old, outcome.Reading!.Value), run.Text());
        if (outcome.Attack.Register.Length == 0)
            Assert.Equal(outcome.Attack.Old, outcome.Reading.ThroughAlias);
    }

    [Theory]
    [MemberData(nameof(QemuVersions.WithDemoKinds), MemberType = typeof(QemuVersions))]
    public void TheAlertSaysWhatTheModuleSaidBeforehand(string qemu, string kind)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.Block);
        Alert alert = LinuxGuest.AssertTrueAlert(LinuxGuest.OutcomeOf(kind, run), run);

        Assert.True(alert.Blocked, run.Text());
        Assert.Equal(0, alert.Cpu);
        Assert.Equal(DemoInstructions.Of(kind), InstructionText.Of(alert.Instruction, alert.Rip));
    }

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void NothingElseIsReported(string qemu)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.Block);

        Assert.True(run.Alerts.Count == AttackKinds.Demo.Count, run.Text());
        Assert.False(run.Errors.Any(), run.Text());
    }

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void TheExitsAreCountedAndEachGuardIsTakenOff(string qemu)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.Block);

        Assert.NotNull(run.Stats);
        Assert.Equal((ulong)AttackKinds.Demo.Count, run.Stats.Blocked);
        Assert.Equal(run.Stats.Exits, run.Stats.Blocked + run.Stats.Allowed);
        Assert.True(run.Stats.EngineMedian > 0, run.Text());
        Assert.True(run.Events.Any(e => e.Is("guard")), run.Text());
        Assert.True(run.GuardedPages.Count == 0, run.Text());
    }
}
