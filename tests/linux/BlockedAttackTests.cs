using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>A kernel module writes an IDT gate through its own mapping: the write must not happen, and the alert must be true.</summary>
[Collection(GuestCollection.Name)]
public sealed class BlockedAttackTests(BlockedRun run) : IClassFixture<BlockedRun>
{
    [Fact]
    public void TheDemoSucceeds() => Assert.Null(DemoJudge.Complaint(run.Result, DemoMode.Block));

    [Fact]
    public void TheGuestFindsItsGateUnchangedBothWays()
    {
        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run.Result);
        Assert.Equal(run.Result.Attack!.Old, run.Result.Reading!.ThroughIdt);
        Assert.Equal(run.Result.Attack.Old, run.Result.Reading.ThroughAlias);
    }

    [Fact]
    public void TheAlertSaysWhatTheModuleSaidBeforehand()
    {
        EptAlert alert = LinuxGuest.AssertOneAlert(run.Result);
        AttackLine attack = run.Result.Attack!;

        Assert.Equal(attack.Rip, alert.Rip);
        Assert.Equal(attack.Gpa, alert.Gpa);
        Assert.Equal(attack.Alias, alert.Gla);
        Assert.Equal(attack.Old, alert.Old);
        Assert.Equal(attack.New, alert.New);
        Assert.Equal(attack.Vector, alert.Gate);
        Assert.Equal(8, alert.Size);
        Assert.Equal(0, alert.Cpl);
        Assert.Equal(0, alert.Cpu);
        Assert.True(alert.Blocked);
        Assert.Equal("mov [rdi],rsi", InstructionText.Of(alert.Instruction, alert.Rip));
    }

    [Fact]
    public void NothingElseIsReported()
    {
        Assert.True(run.Result.Alerts.Count == 1, run.Result.Text());
        Assert.False(run.Result.Errors.Any(), run.Result.Text());
    }

    [Fact]
    public void TheExitsAreCounted()
    {
        Assert.NotNull(run.Result.Stats);
        Assert.Equal(1UL, run.Result.Stats.Blocked);
        Assert.True(run.Result.Stats.EngineMedian > 0, run.Result.Text());
    }
}
