using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Instructions that exit with the descriptor tables.</summary>
public sealed class DtrViolationTests
{
    [Theory]
    [InlineData(new byte[] { 0x90 })]
    [InlineData(new byte[] { 0x48, 0x89, 0x37 })]
    public void AnotherInstructionByNowIsRetried(byte[] code)
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr);
        machine.Ram.WriteBytes(0x10000, code);
        Assert.Equal(IntroAction.Retry, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Write));
    }

    [Fact]
    public void CodeThatIsNotMappedIsRetried()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr);
        machine.Regs.Rip = 0xFFFF_FFFF_9000_0000;
        Assert.Equal(IntroAction.Retry, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Write));
    }

    [Fact]
    public void AStoreOfTheRegisterIsAllowedElsewhereAndBlockedInAGuardedTable()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdt | GuestOptions.ProtectIdtr);
        machine.Regs.IdtBase = RegisterMachine.Data;
        machine.Regs.IdtLimit = 0xFF;
        Assert.Equal(IntStatus.Success, machine.Session.Reset());
        machine.Ram.WriteBytes(0x10000, [0x0F, 0x01, 0x0F]);
        machine.Regs.Rdi = RegisterMachine.Data + 0x800;
        Assert.Equal(IntroAction.Allowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
        machine.Regs.Rdi = RegisterMachine.Data + 0x10;
        Assert.Equal(IntroAction.NotAllowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
    }

    [Fact]
    public void AStoreOfTheRegisterIsJudgedByItsBytes()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdt | GuestOptions.ProtectIdtr);
        machine.Regs.IdtBase = RegisterMachine.Data;
        machine.Regs.IdtLimit = 0xFF;
        Assert.Equal(IntStatus.Success, machine.Session.Reset());
        machine.Ram.WriteBytes(0x10000, [0x0F, 0x01, 0x0F]);
        machine.Regs.Rdi = RegisterMachine.Data + 0x20;

        // The bytes that are there are written anew.
        machine.Ram.WriteBytes(RegisterMachine.DataFrame + 0x20, [0xFF, 0, .. BitConverter.GetBytes(RegisterMachine.Data)]);
        Assert.Equal(IntroAction.Allowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
        machine.Ram.WriteBytes(RegisterMachine.DataFrame + 0x20, [0xFE]);
        Assert.Equal(IntroAction.NotAllowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
        machine.Ram.WriteBytes(RegisterMachine.DataFrame + 0x20, [0xFF]);

        // Of a selector nothing is known: str [rdi], sldt [rdi]
        foreach (byte modRm in (byte[])[0x0F, 0x07])
        {
            machine.Ram.WriteBytes(0x10000, [0x0F, 0x00, modRm]);
            Assert.Equal(IntroAction.NotAllowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
        }
    }

    [Fact]
    public void TheOperandOfALoadIsARead()
    {
        // lldt, ltr: nothing but the page's read hooks is asked
        using RegisterMachine machine = new(GuestOptions.ProtectIdt | GuestOptions.ProtectIdtr);
        foreach (byte modRm in (byte[])[0x17, 0x1F])
        {
            machine.Ram.WriteBytes(0x10000, [0x0F, 0x00, modRm]);
            Assert.Equal(IntroAction.Allowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Write));
        }
    }

    [Fact]
    public void AnOperandInARegisterIsAllowed()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr);
        machine.Ram.WriteBytes(0x10000, [0x0F, 0x00, 0xC8]); // str eax
        Assert.Equal(IntroAction.Allowed, Load(machine, DescriptorAccess.Idtr | DescriptorAccess.Read));
    }

    [Theory]
    [InlineData(0x0F, 0U, 2UL, 2U)]  // sidt, absent
    [InlineData(0x0F, 3U, 2UL, 6U)]  // at user level
    [InlineData(0x0F, 0U, 0UL, 3U)]  // copy on write
    [InlineData(0x17, 0U, 2UL, 0U)]  // lgdt
    public void AnOperandThatGoesOnInAPageThatIsNotThereGetsItsFault(byte modRm, uint cpl, ulong mapped, uint errorCode)
    {
        const ulong Second = RegisterMachine.Data + 0x1000;
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr | GuestOptions.ProtectGdtr);
        ulong entry = machine.Tables.EntryAddress(Second, 1, create: true);
        machine.Tables.WriteEntry(entry, mapped == 0 ? 0x12000UL | 0x21 : 0x12000UL);
        machine.Regs.Cr0 |= 1 << 16;
        if (cpl == 3)
            machine.LetUsersIn(RegisterMachine.Data);
        machine.Guest.Cpl[0] = cpl;
        machine.Ram.WriteBytes(0x10000, [0x0F, 0x01, modRm]);
        machine.Regs.Rdi = Second - 4;
        DescriptorAccess flags = modRm == 0x17
            ? DescriptorAccess.Gdtr | DescriptorAccess.Write
            : DescriptorAccess.Idtr | DescriptorAccess.Read;
        Assert.Equal(IntroAction.Retry, Load(machine, flags));
        Assert.Equal([new FakeInjection(0, 14, errorCode, Second)], machine.Guest.Injections);
    }

    private static IntroAction Load(RegisterMachine machine, DescriptorAccess flags) => machine.Exit(
        VcpuStateKind.DtrLoad, 0, (Engine.Sessions.ActiveGuest guest, out IntroAction action) =>
            guest.DtrViolation(0, flags, out action));
}
