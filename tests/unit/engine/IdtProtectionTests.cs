using System;
using Engine.Abi;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Which tables are found, and which are not.</summary>
public sealed class IdtProtectionTests
{
    [Fact]
    public void VcpusThatShareATableShareItsHooks()
    {
        using TestMachine machine = new(vcpus: 4, idtOffset: 0, idtLimit: 0xFFF);
        Assert.Equal(1, machine.Host.WithdrawnFrames);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame + 0xFF8, 1, vcpu: 3));
        Assert.Equal(1, machine.Alerts.Count);
        Assert.Equal(255, machine.Alerts[0].VictimIdtEntry);
    }

    [Fact]
    public void EachVcpusOwnTableIsGuarded()
    {
        using TestMachine machine = new(vcpus: 3, idtOffset: 0, idtLimit: 0xFF, start: false);
        machine.Host.Regs[1].IdtBase = TestMachine.IdtLinear + 0x800;
        machine.Host.Regs[2].IdtBase = TestMachine.Alias(0x24000);
        Start(machine);
        Assert.Equal(2, machine.Host.WithdrawnFrames);
        foreach (ulong gpa in new ulong[] { 0x20000, 0x20800, 0x24000 })
            Assert.Equal(IntroAction.NotAllowed, machine.Store(gpa + 0xF8, 1));
        foreach (ulong gpa in new ulong[] { 0x20100, 0x20900, 0x24100 })
            Assert.Equal(IntroAction.Allowed, machine.Store(gpa, 1));
        Assert.Equal(machine.Host.Regs[1].IdtBase, IdtBaseOf(machine, 1));
    }

    [Fact]
    public void ATableThatOverlapsAnotherIsGuardedAsBoth()
    {
        using TestMachine machine = new(vcpus: 2, idtOffset: 0, idtLimit: 0xFF, start: false);
        machine.Host.Regs[1].IdtLimit = 0x1FF;
        Start(machine);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame + 0x1F8, 1));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame, 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(TestMachine.IdtFrame + 0x200, 1));
    }

    [Fact]
    public void ATableIsGuardedUpTo256Gates()
    {
        using TestMachine machine = new(idtOffset: 0, idtLimit: 0xFFFF);
        Assert.Equal(1, machine.Host.WithdrawnFrames);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame + 0xFF8, 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(TestMachine.IdtFrame + 0x1000, 1));
    }

    [Fact]
    public void ATableOfOneByteIsOneByte()
    {
        using TestMachine machine = new(idtOffset: 0x10, idtLimit: 0);
        ulong gpa = TestMachine.IdtFrame + 0x10;
        Assert.Equal(IntroAction.NotAllowed, machine.Store(gpa, TestMachine.Alias(gpa), [1]));
        Assert.Equal(IntroAction.Allowed, machine.Store(gpa + 1, TestMachine.Alias(gpa + 1), [1]));
        Assert.Equal(IntroAction.Allowed, machine.Store(gpa - 1, TestMachine.Alias(gpa - 1), [1]));
    }

    [Fact]
    public void GatesHave8BytesOutsideOfLongMode()
    {
        using TestMachine machine = new(start: false);
        PageTables tables = new(machine.Ram, PagingMode.Bits32, 0x60000);
        tables.Map(0xC000_0000, TestMachine.IdtFrame);
        machine.Host.Regs[0] = new IgArchRegs
        {
            Cr0 = tables.Cr0, Cr3 = tables.Root, Cr4 = tables.Cr4, IdtBase = 0xC000_0000, IdtLimit = 0x7FF,
        };
        machine.Host.Efer[0] = 0;
        machine.Host.CsType[0] = IgCsType.Bits32;
        Start(machine);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame + 0x18, 0xC000_0018, [1, 2, 3, 4]));
        Assert.Equal(3, machine.Alerts[0].VictimIdtEntry);
    }

    [Theory]
    [InlineData(0UL, 0xFFFF_FE00_0000_0400UL)]
    [InlineData(0x8000_0001UL, 0xFFFF_FE00_0010_0000UL)]
    [InlineData(0x8000_0001UL, 0x1234_5678_9ABC_DEF0UL)]
    [InlineData(0x8000_0001UL, 0xFFFF_FFFF_FFFF_FFF8UL)]
    public void AVcpuWithoutAnUsableTableIsNamedAndTheOthersAreGuarded(ulong cr0, ulong idtBase)
    {
        using TestMachine machine = new(vcpus: 2, start: false);
        machine.Host.Regs[0].Cr0 = cr0;
        machine.Host.Regs[0].IdtBase = idtBase;
        Start(machine);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TestMachine.IdtFrame + 0x400, 1, vcpu: 1));
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("vcpu 0", StringComparison.Ordinal));
    }

    [Fact]
    public void ATableThatIsHalfMappedIsNotGuardedAtAll()
    {
        using TestMachine machine = new(idtOffset: 0x1F80, idtLimit: 0xFF, start: false);
        Start(machine);
        Assert.Equal(0, machine.Host.WithdrawnFrames);
        Assert.Equal(0, machine.Host.Registrations);
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal(0, machine.Host.Unregistrations);
    }

    [Fact]
    public void WithoutRegistersNothingIsGuardedAndTheGuestRuns()
    {
        using TestMachine machine = new(start: false);
        machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterState] = IntStatus.NotSupported;
        Start(machine);
        Assert.Equal(0, machine.Host.WithdrawnFrames);
        Assert.Equal(IntroAction.Allowed, machine.Store(TestMachine.IdtFrame + 0x400, 1));
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("not guarded", StringComparison.Ordinal));
    }

    [Fact]
    public void WithoutTheOptionNothingIsGuarded()
    {
        using TestMachine machine = new(GuestOptions.None);
        Assert.Equal(0, machine.Host.WithdrawnFrames);
        Assert.Empty(machine.Host.Journal);
    }

    [Fact]
    public void AllRightsComeBack()
    {
        using TestMachine machine = new(vcpus: 2, idtOffset: 0xF80, idtLimit: 0xFF, start: false);
        machine.Host.Regs[1].IdtBase = TestMachine.Alias(0x24000);
        Start(machine);
        Assert.Equal(3, machine.Host.WithdrawnFrames);
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal(0, machine.Host.WithdrawnFrames);
        Assert.Equal(0, machine.Host.RegisteredHandler);
        Assert.Equal("unregister", machine.Host.Journal[^1]);
        Assert.Equal("flush", machine.Host.Journal[^2]);
        Assert.Equal(2, machine.Host.Flushes);
    }

    [Fact]
    public void AGlueThatRefusesIsInTheLog()
    {
        using TestMachine machine = new(start: false);
        machine.Host.SetRightsAnswer = IntStatus.AccessDenied;
        Start(machine);
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("refused", StringComparison.Ordinal));
    }

    private static unsafe void Start(TestMachine machine) =>
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));

    private static unsafe ulong IdtBaseOf(TestMachine machine, uint vcpu) => machine.Guest.Vcpus[vcpu]->IdtBase;
}
