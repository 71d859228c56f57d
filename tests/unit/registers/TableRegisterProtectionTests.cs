using Engine.Abi;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Which tables a vCPU may load.</summary>
public sealed unsafe class TableRegisterProtectionTests
{
    private const int Lgdt = 2;
    private const int Lidt = 3;
    private const ulong Idt = 0xFFFF_FE00_0000_0000;
    private const ulong Gdt = 0xFFFF_FE00_0000_1000;
    private const GuestOptions Both = GuestOptions.ProtectIdtr | GuestOptions.ProtectGdtr;

    [Fact]
    public void AnotherTableIsBlockedAndReported()
    {
        using RegisterMachine machine = new(Both);
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, 0xFFFF_8880_0001_0000, 0xFFF));
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lgdt, Gdt, 0xFF));

        Assert.Collection(
            machine.Host.Alerts,
            idtr => AssertAlert(idtr, IntroObjectType.Idtr, Idt, 0xFFF, 0xFFFF_8880_0001_0000, 0xFFF, "0f 01 1f  lidt"),
            gdtr => AssertAlert(gdtr, IntroObjectType.Gdtr, Gdt, 0x7F, Gdt, 0xFF, "0f 01 17  lgdt"));
    }

    [Fact]
    public void ItsOwnTableAndNoneMayBeLoaded()
    {
        using RegisterMachine machine = new(Both);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Idt, 0xFFF));
        machine.Regs.IdtBase = 0x1000;
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Idt, 0xFFF));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0, 0));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lgdt, 0, 0));
        Assert.Empty(machine.Host.Alerts);
    }

    [Fact]
    public void ANullTableOpensNothing()
    {
        using RegisterMachine machine = new(Both);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0, 0));
        machine.Regs.IdtBase = 0;
        machine.Regs.IdtLimit = 0;
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, 0x5000, 0xFFF));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Idt, 0xFFF));
    }

    [Fact]
    public void AVcpuThatComesUpFromRealModeMayLoadTablesUntilItIsBack()
    {
        using RegisterMachine machine = new(Both);
        ulong cr0 = machine.Regs.Cr0;
        machine.Regs.Cr0 = 0x10;
        machine.Regs.IdtBase = machine.Regs.GdtBase = 0;
        Bits16(machine);
        machine.Regs.Cr0 = cr0;
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0x9000, 0xFFF));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Idt, 0xFFF));
        machine.Regs.IdtBase = Idt;
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, 0x9000, 0xFFF));
    }

    [Fact]
    public void OneVcpusStateSaysNothingOfAnothers()
    {
        using RegisterMachine machine = new(Both, vcpus: 2);
        machine.Guest.Regs[1].IdtBase = 0xFFFF_FE00_0000_2000;
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, 0xFFFF_FE00_0000_2000, 0xFFF));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Idt, 0xFFF, vcpu: 1));
    }

    [Fact]
    public void AnOperandThatIsNotMappedIsTriedAgainAndThenRefused()
    {
        // Who allowed it might see it mapped, to another table, a moment later.
        using RegisterMachine machine = new(Both);
        machine.Regs.Rdi = 0xFFFF_FFFF_8200_0000;
        for (int i = 0; i < Engine.Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Retry, machine.LoadTable(Lidt, 0x5000, 0xFFF));
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, 0x5000, 0xFFF));
        Assert.Equal(IntStatus.Success, machine.Status);
        Assert.Empty(machine.Host.Alerts);
    }

    /// <summary>The load that a start in real mode begins with: at CR0.PE 0 paging is off, so that RIP is physical.</summary>
    private static void Bits16(RegisterMachine machine)
    {
        ulong rip = machine.Regs.Rip;
        ulong rdi = machine.Regs.Rdi;
        machine.Regs.Rip = 0x10000;
        machine.Regs.Rdi = RegisterMachine.DataFrame;
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0x8000, 0xFFF));
        machine.Regs.Rip = rip;
        machine.Regs.Rdi = rdi;
    }

    private static void AssertAlert(
        (IntroEventType Type, EventRegisterViolation Alert) entry, IntroObjectType victim, ulong oldBase, ushort oldLimit,
        ulong newBase, ushort newLimit, string instruction)
    {
        EventRegisterViolation alert = entry.Alert;
        Assert.Equal(IntroEventType.DtrViolation, entry.Type);
        Assert.Equal((uint)victim, alert.Victim);
        Assert.Equal(oldBase, alert.WriteInfo.OldValue[0]);
        Assert.Equal(oldLimit, alert.WriteInfo.OldValue[1]);
        Assert.Equal(newBase, alert.WriteInfo.NewValue[0]);
        Assert.Equal(newLimit, alert.WriteInfo.NewValue[1]);
        Assert.Equal(10u, alert.WriteInfo.Size);
        Assert.Equal(instruction, RegisterProtectionTests.TextOf(in alert));
    }
}
