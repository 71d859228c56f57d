using System;
using Engine;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Accesses that cannot be judged are left to the fail policy, and that is reported.</summary>
public sealed unsafe class UnjudgedTests
{
    private const ulong Table = TestMachine.IdtFrame + 0x400;

    [Theory]
    [InlineData(GuestConfigFlags.None, IntroAction.NotAllowed)]
    [InlineData(GuestConfigFlags.GuardedFailsOpen, IntroAction.Allowed)]
    public void WithoutRegistersTheGuardedObjectsPolicyIsReported(GuestConfigFlags flags, IntroAction action)
    {
        using TestMachine machine = new(flags: flags);
        machine.Pushes = VcpuRegisters.None;
        machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotSupported;
        Assert.Equal(action, machine.Refetch(Table + 8, TestMachine.Alias(Table + 8)));
        ref EventEptViolation alert = ref machine.Alerts[0];
        Assert.Equal((IntroObjectType.Raw, action, IntroActionReason.InternalError), (alert.VictimType, alert.Header.Action, alert.Header.Reason));
        Assert.Equal((0U, 0, 0UL), (alert.Header.CpuContext.Cpu, alert.Header.CpuContext.Valid, alert.Header.CpuContext.Rip));
        Assert.Equal((TestMachine.IdtFrame, 0x408U, ZoneFlags.Write), (alert.PhysicalPage, alert.Offset, alert.ZoneTypes));
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("could not be judged", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(GuestConfigFlags.None, IntroAction.Allowed)]
    [InlineData(GuestConfigFlags.OthersFailClosed, IntroAction.NotAllowed)]
    public void AnOperandThatIsNotKnownIsLeftToThePolicy(GuestConfigFlags flags, IntroAction action)
    {
        // push qword ptr fs:[rdi], beside the table, without the base of FS
        using TestMachine machine = new(flags: flags);
        machine.Code(0x64, 0xFF, 0x37);
        machine.Regs.Rsp = TestMachine.Alias(Table + 0x900);
        machine.Host.QueryAnswers[(int)QueryInfoClass.SegRegisters] = IntStatus.NotSupported;
        Assert.Equal(action, machine.Refetch(Table + 0x8F8, TestMachine.Alias(Table + 0x8F8)));
        ref EventEptViolation alert = ref machine.Alerts[0];
        Assert.Equal((IntroObjectType.Raw, action, machine.Regs.Rip), (alert.VictimType, alert.Header.Action, alert.Header.CpuContext.Rip));
    }

    [Fact]
    public void TheyAreFewAndTakeNothingFromOthers()
    {
        using TestMachine machine = new();
        machine.Pushes = VcpuRegisters.None;
        machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotSupported;
        for (int i = 0; i < 3 * Limits.UnjudgedAlertBurst; i++)
            Assert.Equal(IntroAction.NotAllowed, machine.Refetch(Table, TestMachine.Alias(Table)));
        Assert.InRange(machine.Alerts.Count, Limits.UnjudgedAlertBurst, 2 * Limits.UnjudgedAlertBurst);
        Assert.True(machine.Guest.Alerts.DroppedUnjudged > 0);
        Assert.Equal(0, machine.Guest.Alerts.Dropped);
    }

    [Fact]
    public void AStoreThatIsNotEmulatedIsNotAllowedIntoATable()
    {
        // sldt [rdi]
        using TestMachine machine = new();
        machine.Code(0x0F, 0x00, 0x07);
        machine.Regs.Rdi = TestMachine.Alias(Table);
        Assert.Equal(IntroAction.NotAllowed, machine.Refetch(Table, TestMachine.Alias(Table)));
        Assert.Equal(1, machine.Alerts.Count);
    }
}
