using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Other instructions, other alignments, more CPUs.</summary>
[Collection(GuestCollection.Name)]
public sealed class AttackKindTests
{
    [Theory]
    [InlineData("unaligned", "mov [rdi],rsi")]
    [InlineData("rmw", "lock xor [rdi],rsi")]
    [InlineData("or", "lock or [rdi],rsi")]
    public void IsBlockedWithOneTrueAlert(string kind, string instruction) =>
        AssertBlocked(LinuxGuest.Options with { Attack = kind }, instruction);

    [Theory]
    [InlineData("idt", "mov [rdi],rsi")]
    [InlineData("rmw", "lock xor [rdi],rsi")]
    public void IsBlockedWithTwoCpus(string kind, string instruction) =>
        AssertBlocked(LinuxGuest.Options with { Attack = kind, Cpus = 2 }, instruction);

    private static void AssertBlocked(GuestRunOptions options, string instruction)
    {
        GuestRunResult run = LinuxGuest.Run(options);

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        EptAlert alert = LinuxGuest.AssertOneAlert(run);
        AttackLine attack = run.Attack!;
        Assert.True(run.Alerts.Count == 1, run.Text());
        Assert.Equal((attack.Rip, attack.Old), (alert.Rip, alert.Old));
        Assert.Equal((attack.Vector, 8, 0), (alert.Gate, alert.Size, alert.Cpl));
        Assert.Equal(instruction, InstructionText.Of(alert.Instruction, alert.Rip));
    }
}
