using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Stores to the table by other instructions and with other alignments.</summary>
[Collection(GuestCollection.Name)]
public sealed class AttackKindTests
{
    private static readonly string[] _kinds = ["unaligned", "rmw", "or"];

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void EachIsBlockedWithOneTrueAlert(string qemu)
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with { Attacks = _kinds });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        foreach (string kind in _kinds)
        {
            Alert alert = LinuxGuest.AssertTrueAlert(LinuxGuest.OutcomeOf(kind, run), run);
            Assert.Equal(DemoInstructions.Of(kind), InstructionText.Of(alert.Instruction, alert.Rip));
        }

        Assert.True(run.Alerts.Count == _kinds.Length && run.Alerts.All(a => a.Blocked), run.Text());
    }
}
