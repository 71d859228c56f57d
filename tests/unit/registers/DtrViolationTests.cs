using Engine.Abi;
using Engine.Vcpus;
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

    private static IntroAction Load(RegisterMachine machine, DescriptorAccess flags) => machine.Exit(
        VcpuStateKind.DtrLoad, 0, (Engine.Sessions.ActiveGuest guest, out IntroAction action) =>
            guest.DtrViolation(0, flags, out action));
}
