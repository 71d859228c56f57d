using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Stores of which the exit tells the address alone: their bytes and their extent follow from the instruction.</summary>
public sealed class EptViolationRefetchTests : IDisposable
{
    private const ulong Table = TestMachine.IdtFrame + 0x400;
    private const ulong TableEnd = TestMachine.IdtFrame + 0x500;
    private const ulong DirectionFlag = 0x400;

    private readonly TestMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData(Table - 8, false)]
    [InlineData(Table - 7, true)]
    [InlineData(TableEnd - 1, true)]
    [InlineData(TableEnd, false)]
    [InlineData(TableEnd + 0x80, false)]
    public void AMoveTouchesItsOperandAlone(ulong gpa, bool blocked)
    {
        Assert.Equal(blocked ? IntroAction.NotAllowed : IntroAction.Allowed, Move(gpa, 0x1111_1111_1111_1111));
        Assert.Equal(blocked ? 1 : 0, _machine.Alerts.Count);
    }

    [Fact]
    public void AMovesBytesAreComputed()
    {
        _machine.Ram.Write(Table + 8, 0x8877_6655_4433_2211);
        Assert.Equal(IntroAction.Allowed, Move(Table + 8, 0x8877_6655_4433_2211));
        Assert.Equal(IntroAction.NotAllowed, Move(Table + 8, 0x8877_6655_4433_2212));
        AssertAlert(oldValue: 0x8877_6655_4433_2211, newValue: 0x8877_6655_4433_2212, size: 8);
    }

    [Fact]
    public void BytesThatCannotBeComputedAreUnknownAndBlocked()
    {
        // movups [rdi], xmm0, with what is there in the register for all we know
        _machine.Code(0x0F, 0x11, 0x07);
        Assert.Equal(IntroAction.NotAllowed, At(Table));
        AssertAlert(oldValue: 0, newValue: IntroWriteInfo.UnknownValue, size: 16);
        Assert.Equal(IntroAction.Allowed, At(Table - 16));
        Assert.Equal(IntroAction.NotAllowed, At(Table - 15));
        Assert.Equal(IntroAction.Allowed, At(TableEnd));
    }

    [Fact]
    public void AnInstructionThatIsNotThereIsTriedAgainAndMayThenTouchItsWholeFrame()
    {
        _machine.Tables.Spoil(TestMachine.CodeLinear, 1, clear: 1);
        for (int i = 0; i < Engine.Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Retry, At(Table));
        Assert.Equal(IntroAction.NotAllowed, At(Table));
    }

    [Fact]
    public void BytesThatAreNoInstructionMayTouchTheirWholeFrame()
    {
        _machine.Code(0x06, 0x06);
        Assert.Equal(IntroAction.NotAllowed, At(Table - 0x100));
        Assert.Equal(IntroAction.NotAllowed, At(Table));
        Assert.Equal(IntroAction.NotAllowed, At(TableEnd + 0x100));
        Assert.Equal(IntroAction.Allowed, At(TestMachine.IdtFrame + 0x1000));
        Assert.Equal(IntroAction.Allowed, At(TestMachine.IdtFrame - 0x100));
    }

    [Fact]
    public void AScatterMayTouchItsWholeFrame()
    {
        _machine.Code(0x62, 0xF2, 0x7D, 0x49, 0xA0, 0x04, 0x8F);
        Assert.Equal(IntroAction.NotAllowed, At(Table - 0x100));
        Assert.Equal(IntroAction.NotAllowed, At(TableEnd + 0x100));
        Assert.Equal(2, _machine.Alerts.Count);
    }

    [Fact]
    public void AnInstructionWithSeveralStoresMayTouchItsWholeFrame()
    {
        // enter 16, 2 above the table: its further stores go down into it.
        _machine.Code(0xC8, 0x10, 0x00, 0x02);
        _machine.Regs.Rsp = TestMachine.Alias(TableEnd + 8);
        _machine.Regs.Rbp = TestMachine.Alias(0x18000);
        Assert.Equal(IntroAction.NotAllowed, _machine.Refetch(TableEnd, TestMachine.Alias(TableEnd)));
        Assert.Equal(1, _machine.Alerts.Count);
    }

    [Fact]
    public void ARepeatedStoreUpwardsMayReachAllThatFollows()
    {
        _machine.Code(0xF3, 0xAA);
        Assert.Equal(IntroAction.NotAllowed, At(Table - 0x400));
        Assert.Equal(IntroAction.NotAllowed, At(TableEnd - 1));
        Assert.Equal(2, _machine.Alerts.Count);
        Assert.Equal(IntroAction.Allowed, At(TableEnd));
        Assert.Equal(2, _machine.Alerts.Count);
    }

    [Fact]
    public void ARepeatedStoreDownwardsMayReachAllThatPrecedes()
    {
        _machine.Code(0xF3, 0x48, 0xAB);
        _machine.Regs.Flags |= DirectionFlag;
        Assert.Equal(IntroAction.NotAllowed, At(TestMachine.IdtFrame + 0xFF8));
        Assert.Equal(IntroAction.NotAllowed, At(TableEnd));
        Assert.Equal(IntroAction.NotAllowed, At(Table));
        Assert.Equal(3, _machine.Alerts.Count);
    }

    [Fact]
    public void ARepeatedStoreWithoutFlagsMayGoBothWays()
    {
        _machine.Code(0xF3, 0xA4);
        _machine.Pushes = VcpuRegisters.Sufficient;
        _machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotSupported;
        Assert.Equal(IntroAction.NotAllowed, At(TableEnd + 0x100));
        Assert.Equal(IntroAction.NotAllowed, At(Table - 0x100));
    }

    [Fact]
    public void ARepeatedStoreOfTheSameBytesIsStillUnknown()
    {
        _machine.Code(0xF3, 0xAA);
        _machine.Regs.Rax = 0;
        Assert.Equal(IntroAction.NotAllowed, At(Table));
    }

    [Fact]
    public void APrefixOfReleaseIsNoRepetition()
    {
        // xrelease mov [rdi], rsi, with the bytes that are there
        _machine.Code(0xF3, 0x48, 0x89, 0x37);
        _machine.Regs.Rsi = 0;
        Assert.Equal(IntroAction.Allowed, At(Table));
        Assert.Equal(IntroAction.Allowed, At(Table - 8));
        _machine.Regs.Rsi = 1;
        Assert.Equal(IntroAction.NotAllowed, At(Table));
    }

    [Theory]
    [InlineData(TableEnd + 0x100)]
    [InlineData(Table)]
    [InlineData(Table - 0x100)]
    public void WithoutRegistersAStoreMayTouchItsWholeFrame(ulong gpa)
    {
        _machine.Pushes = VcpuRegisters.None;
        _machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotSupported;
        Assert.Equal(IntroAction.NotAllowed, At(gpa));
        Assert.Equal(IntStatus.NotSupported, _machine.Status);
        Assert.Equal(IntroAction.Allowed, At(0x30000));
        Assert.Equal(IntStatus.Success, _machine.Status);
    }

    [Fact]
    public void AStoreThatCrossesIntoTheTableIsBlockedByItsSecondHalf()
    {
        // The frame before, in linear order, is another one: the exit is about the table's frame, in the middle of the operand.
        const ulong Linear = 0xFFFF_A000_0000_0000;
        using TestMachine machine = new(idtOffset: 0, idtLimit: 0xFF);
        machine.Tables.Map(Linear, 0x30000);
        machine.Tables.Map(Linear + 0x1000, TestMachine.IdtFrame);
        machine.Code(0x48, 0x89, 0x37);
        machine.Regs.Rdi = Linear + 0xFFC;
        machine.Regs.Rsi = 0x0000_0005_0000_0000;
        Assert.Equal(IntroAction.NotAllowed, machine.Refetch(TestMachine.IdtFrame, Linear + 0x1000));
        machine.Regs.Rsi = 0x0000_0000_FFFF_FFFF;
        Assert.Equal(IntroAction.Allowed, machine.Refetch(TestMachine.IdtFrame, Linear + 0x1000));

        // Old bytes of the other frame are not read from where this frame's neighbour is.
        ref EventEptViolation alert = ref machine.Alerts[0];
        machine.Ram.Write(TestMachine.IdtFrame - 4, 0xDEAD_BEEFU);
        Assert.Equal(4U, alert.WriteInfo.Size);
        unsafe
        {
            fixed (ulong* value = alert.WriteInfo.NewValue)
                Assert.Equal(5UL, *value);
        }
    }

    [Fact]
    public void TheLinearAddressIsFoundWhereTheGlueHasNone()
    {
        _machine.ExtraFlags = VcpuExitFlags.NoGla;
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rdi = TestMachine.Alias(Table + 0x18);
        _machine.Regs.Rsi = 7;
        Assert.Equal(IntroAction.NotAllowed, _machine.Refetch(Table + 0x18, 0x1234_5678));
        Assert.Equal(TestMachine.Alias(TestMachine.IdtFrame), _machine.Alerts[0].VirtualPage);
        AssertAlert(0, 7, 8);
        Assert.Equal(TestMachine.Alias(Table + 0x18), _machine.Record.Gla);
    }

    [Fact]
    public void AnInstructionThatDoesNotStoreThereTellsNothing()
    {
        // The operand is elsewhere: nothing about this access follows from it.
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rdi = TestMachine.Alias(0x30000);
        _machine.Regs.Rsi = 0;
        Assert.Equal(IntroAction.NotAllowed, _machine.Refetch(Table, TestMachine.Alias(Table)));
        AssertAlert(IntroWriteInfo.UnknownValue, IntroWriteInfo.UnknownValue, 0);
    }

    [Fact]
    public void ARetiredRipIsNotDecoded()
    {
        _machine.ExtraFlags = VcpuExitFlags.RipRetired;
        Assert.Equal(IntroAction.NotAllowed, Move(Table, 0));
        Assert.Equal(0, _machine.Record.Instruction.Length);
    }

    /// <summary>mov [rdi], rsi at an address of the direct map.</summary>
    private IntroAction Move(ulong gpa, ulong value)
    {
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rsi = value;
        return At(gpa);
    }

    /// <summary>The instruction at RIP with RDI at an address of the direct map.</summary>
    private IntroAction At(ulong gpa)
    {
        _machine.Regs.Rdi = TestMachine.Alias(gpa);
        return _machine.Refetch(gpa, TestMachine.Alias(gpa));
    }

    private unsafe void AssertAlert(ulong oldValue, ulong newValue, uint size)
    {
        ref EventEptViolation alert = ref _machine.Alerts[_machine.Alerts.Count - 1];
        fixed (ulong* before = alert.WriteInfo.OldValue, after = alert.WriteInfo.NewValue)
            Assert.Equal((oldValue, newValue, size), (*before, *after, alert.WriteInfo.Size));
    }
}
