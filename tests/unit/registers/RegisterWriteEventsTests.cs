using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>What the exits of registers answer and keep, besides the verdicts of the protections.</summary>
public sealed unsafe class RegisterWriteEventsTests
{
    [Fact]
    public void XsetbvIsKeptAndAllowed()
    {
        using RegisterMachine machine = new(GuestOptions.None);
        machine.Regs.Rax = 0xFFFF_FFFF_0000_0007;
        machine.Regs.Rdx = 0xAAAA_AAAA_0000_0001;
        IntroAction action = machine.Exit(
            VcpuStateKind.XcrWrite, 0, (Engine.Sessions.ActiveGuest guest, out IntroAction answer) => guest.XcrWrite(0, out answer));
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Equal(IntStatus.NotFound, machine.Status);
        Assert.Equal(0x1_0000_0007UL, machine.Active.Vcpus[0]->Xcr0);
    }

    [Fact]
    public void ABlockedWriteIsCounted()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        machine.CrWrite(4, 1 << 20, 0);
        machine.CrWrite(4, 1 << 20, 1 << 20);
        VcpuCounters* counters = machine.Active.Vcpus.CountersOf(0);
        Assert.Equal(2UL, counters->Exits[(int)VcpuStateKind.CrWrite]);
        Assert.Equal(1UL, counters->Blocked);
    }

    [Fact]
    public void TheRecordIsLeftCleanBetweenExits()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        machine.CrWrite(4, 1 << 20, 0);
        VcpuState* record = machine.Active.Vcpus[0];
        Assert.Equal(VcpuStateKind.Active, record->State);
        Assert.Equal(VcpuRegisters.None, record->PushedMask);
        Assert.Equal(1UL, record->EventId);
    }
}
