using System;
using Engine;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Stores that a hypervisor reports piece by piece: a verdict holds for the whole store, and one alert is raised.</summary>
public sealed class EptViolationPieceTests : IDisposable
{
    private const ulong Table = TestMachine.IdtFrame + 0x400;
    private const ulong TableEnd = TestMachine.IdtFrame + 0x500;

    private readonly TestMachine _machine = new();

    public EptViolationPieceTests()
    {
        // movups [rdi], xmm0
        _machine.Code(0x0F, 0x11, 0x07);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void ABlockHoldsForTheNextPiece()
    {
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd, 1));
        Assert.Equal(1, _machine.Alerts.Count);

        // The store is over: what comes there next is judged by itself.
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd + 8, 1));
    }

    [Fact]
    public void ABlockedStoreOfFourPiecesIsOneAlert()
    {
        // vmovups [rdi], ymm0
        _machine.Code(0xC5, 0xFC, 0x11, 0x07);
        _machine.Regs.Rdi = TestMachine.Alias(Table);
        for (ulong piece = 0; piece < 4; piece++)
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table + (piece * 8), piece + 1));
        Assert.Equal(1, _machine.Alerts.Count);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 1));
        Assert.Equal(2, _machine.Alerts.Count);
    }

    [Fact]
    public void AnotherInstructionIsAnotherStore()
    {
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
        _machine.Regs.Rip += 16;
        _machine.Code(0x0F, 0x11, 0x07);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
    }

    [Fact]
    public void AnotherOperandIsAnotherStore()
    {
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
    }

    [Fact]
    public void APieceThatWasLetThroughDoesNotOpenTheTable()
    {
        // The first piece is outside and allowed, the second inside.
        _machine.Regs.Rdi = TestMachine.Alias(Table - 8);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table - 8, 1));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 1));
        Assert.Equal(1, _machine.Alerts.Count);
    }

    [Fact]
    public void APieceWithTheSameBytesDoesNotOpenTheNext()
    {
        _machine.Regs.Rdi = TestMachine.Alias(Table);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table, 0));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table + 8, 1));
    }

    [Fact]
    public void ARepeatedInstructionIsANewStoreEachTime()
    {
        _machine.Code(0xF3, 0x48, 0xAB);
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
    }

    [Fact]
    public void AnotherVcpuHasItsOwnPieces()
    {
        using TestMachine machine = new(vcpus: 2);
        machine.Code(0x0F, 0x11, 0x07);
        machine.Host.Regs[0].Rdi = machine.Host.Regs[1].Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TableEnd - 8, 1, vcpu: 0));
        Assert.Equal(IntroAction.Allowed, machine.Store(TableEnd, 1, vcpu: 1));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(TableEnd, 1, vcpu: 0));
    }

    [Fact]
    public void LettingThroughHoldsForTheNextPieceToo()
    {
        using TestMachine machine = new(GuestOptions.ProtectIdt | GuestOptions.KernelBeta);
        machine.Code(0x0F, 0x11, 0x07);
        machine.Regs.Rdi = TestMachine.Alias(Table);
        Assert.Equal(IntroAction.Allowed, machine.Store(Table, 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(Table + 8, 1));
        Assert.Equal(1, machine.Alerts.Count);
    }

    [Fact]
    public void RegistersThatAreNotThereDoNotBlockWhatIsOutside()
    {
        _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
        _machine.Pushes = VcpuRegisters.None;
        _machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotSupported;
        Assert.Equal(IntroAction.Allowed, _machine.Store(0x30000, 1));
    }

    [Fact]
    public unsafe void AnAlertShowsTheWholeStoreWhereItIsKnown()
    {
        // mov [rdi], rsi in two pieces of four bytes
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rdi = TestMachine.Alias(Table + 0x20);
        _machine.Regs.Rsi = 0x1122_3344_5566_7788;
        _machine.Ram.Write(Table + 0x20, 0x0102_0304_0506_0708UL);
        Assert.Equal(
            IntroAction.NotAllowed,
            _machine.Store(Table + 0x20, TestMachine.Alias(Table + 0x20), [0x88, 0x77, 0x66, 0x55]));
        Assert.Equal(
            IntroAction.NotAllowed,
            _machine.Store(Table + 0x24, TestMachine.Alias(Table + 0x24), [0x44, 0x33, 0x22, 0x11]));
        Assert.Equal(1, _machine.Alerts.Count);
        ref EventEptViolation alert = ref _machine.Alerts[0];
        Assert.Equal(8U, alert.WriteInfo.Size);
        fixed (ulong* before = alert.WriteInfo.OldValue, after = alert.WriteInfo.NewValue)
            Assert.Equal((0x0102_0304_0506_0708UL, 0x1122_3344_5566_7788UL), (*before, *after));
    }

    [Fact]
    public unsafe void AStoreInTwoFramesThatAreApartIsShownByItsPiece()
    {
        // Its second half is in a frame that is not the next one: the bytes after the first frame are not its old value.
        const ulong Linear = 0xFFFF_A000_0000_0000;
        using TestMachine machine = new(idtOffset: 0xF00, idtLimit: 0xFF);
        machine.Tables.Map(Linear, TestMachine.IdtFrame);
        machine.Tables.Map(Linear + 0x1000, 0x30000);
        machine.Ram.Write(TestMachine.IdtFrame + 0xFFC, 0x0403_0201U);
        machine.Ram.Write(TestMachine.IdtFrame + 0x1000, 0xDEAD_BEEFU);
        machine.Code(0x48, 0x89, 0x37);
        machine.Regs.Rdi = Linear + 0xFFC;
        machine.Regs.Rsi = 0x1122_3344_5566_7788;
        Assert.Equal(
            IntroAction.NotAllowed,
            machine.Store(TestMachine.IdtFrame + 0xFFC, Linear + 0xFFC, [0x88, 0x77, 0x66, 0x55]));
        ref EventEptViolation alert = ref machine.Alerts[0];
        fixed (ulong* before = alert.WriteInfo.OldValue, after = alert.WriteInfo.NewValue)
            Assert.Equal((4U, 0x0403_0201UL, 0x5566_7788UL), (alert.WriteInfo.Size, *before, *after));

        // The piece that follows belongs to the blocked store, wherever it is.
        Assert.Equal(IntroAction.NotAllowed, machine.Store(0x30000, Linear + 0x1000, [0x44, 0x33, 0x22, 0x11]));
        Assert.Equal(1, machine.Alerts.Count);
    }

    [Theory]
    [InlineData(VcpuExitFlags.None)]
    [InlineData(VcpuExitFlags.NoGla)]
    public void PiecesBelongTogetherAlsoWhenTheAlertIsDropped(VcpuExitFlags flags)
    {
        long before = _machine.Guest.Alerts.Dropped;
        for (int round = 0; round < 20; round++)
        {
            UseUpAlerts();
            _machine.ExtraFlags = flags;

            // The second piece is outside the table.
            _machine.Code(0x0F, 0x11, 0x07);
            _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd, 1));
            Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));

            // Another operand, and another place, are another store.
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
            _machine.Regs.Rdi = TestMachine.Alias(TableEnd);
            Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
            _machine.Regs.Rdi = TestMachine.Alias(TableEnd - 8);
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 8, 1));
            Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd + 8, 1));
            _machine.ExtraFlags = VcpuExitFlags.None;
        }

        Assert.True(_machine.Guest.Alerts.Dropped > before + 20);
    }

    private void UseUpAlerts()
    {
        long dropped = _machine.Guest.Alerts.Dropped;
        for (int i = 0; i < 2 * Limits.AlertBurst && _machine.Guest.Alerts.Dropped == dropped; i++)
            _machine.Store(Table, (ulong)i + 1);
    }
}
