using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Stores whose bytes the exit carries, around an IDT at 0x20400 to 0x204FF.</summary>
public sealed class EptViolationTests : IDisposable
{
    private const ulong Table = TestMachine.IdtFrame + 0x400;
    private const ulong TableEnd = TestMachine.IdtFrame + 0x500;

    private readonly TestMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void TheTableIsHookedForWritesAlone()
    {
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(TestMachine.IdtFrame));
        Assert.Equal(1, _machine.Host.WithdrawnFrames);
        Assert.Equal(0x1234, _machine.Host.RegisteredHandler);
        Assert.Equal(1, _machine.Host.Activations);
    }

    [Theory]
    [InlineData(Table - 8, false)]
    [InlineData(Table - 7, true)]
    [InlineData(Table, true)]
    [InlineData(Table + 0xF8, true)]
    [InlineData(TableEnd - 1, true)]
    [InlineData(TableEnd, false)]
    [InlineData(0x1F400UL, false)]
    [InlineData(0x21400UL, false)]
    public void OnlyStoresIntoTheTableAreBlocked(ulong gpa, bool blocked)
    {
        _machine.Code(0x48, 0x89, 0x37);
        IntroAction expected = blocked ? IntroAction.NotAllowed : IntroAction.Allowed;
        Assert.Equal(expected, _machine.Store(gpa, 0x1122_3344_5566_7788));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.Equal(blocked ? 1 : 0, _machine.Alerts.Count);
    }

    [Fact]
    public void WhatTouchesNothingAsksNothing()
    {
        _machine.Pushes = VcpuRegisters.None;
        Array.Clear(_machine.Host.Queries);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
        Assert.Equal(IntroAction.Allowed, _machine.Store(0x30000, 1));
        Assert.All(_machine.Host.Queries, count => Assert.Equal(0, count));
        Assert.Equal(0, _machine.Record.Instruction.Length);
    }

    [Fact]
    public void OtherAccessesOfTheTableAreNotAsked()
    {
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Table, TestMachine.Alias(Table), EptAccess.Read, [], 0));
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Table, TestMachine.Alias(Table), EptAccess.Execute, [], 0));
        Assert.Equal(0, _machine.Alerts.Count);
        Assert.Equal(
            IntroAction.NotAllowed,
            _machine.Exit(Table, TestMachine.Alias(Table), EptAccess.Read | EptAccess.Write, [1], 0));
    }

    [Fact]
    public void TheSameBytesAreNoChange()
    {
        _machine.Ram.Write(Table + 16, 0x8877_6655_4433_2211);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table + 16, 0x8877_6655_4433_2211));
        Assert.Equal(0, _machine.Alerts.Count);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table + 16, 0x8877_6655_4433_2210));
        Assert.Equal(1, _machine.Alerts.Count);
    }

    [Fact]
    public void OnlyTheGuardedBytesOfAStoreCount()
    {
        // The store begins four bytes before the table and changes only those.
        _machine.Ram.Write(Table, 0x4433_2211U);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table - 4, 0x4433_2211_FFFF_FFFF));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table - 4, 0x4433_2200_0000_0000));

        // And four bytes before its end.
        _machine.Ram.Write(TableEnd - 4, 0x4433_2211U);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd - 4, 0xFFFF_FFFF_4433_2211));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(TableEnd - 4, 0xFFFF_FFFF_0033_2211));
    }

    [Fact]
    public void ALargeStoreIsComparedAsAWhole()
    {
        byte[] data = new byte[64];
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table, TestMachine.Alias(Table), data));
        data[63] = 1;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, TestMachine.Alias(Table), data));
        Assert.Equal(64U, _machine.Alerts[0].WriteInfo.Size);
        Assert.Equal(0, _machine.Alerts[0].VictimIdtEntry);
    }

    [Fact]
    public void DataThatGoesOnInTheNextFrameIsJudgedThere()
    {
        using TestMachine machine = new(idtOffset: 0x1000, idtLimit: 0xFF);
        const ulong Second = TestMachine.IdtFrame + 0x1000;
        Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(Second));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(Second - 4, 0x0000_0001_0000_0000));
        ref EventEptViolation alert = ref machine.Alerts[0];
        Assert.Equal((Second, 0U), (alert.PhysicalPage, alert.Offset));
        Assert.Equal(TestMachine.Alias(Second), alert.VirtualPage);
        Assert.Equal(0, alert.VictimIdtEntry);

        // Bytes of the first frame alone are outside, and so are those that are as they were.
        Assert.Equal(IntroAction.Allowed, machine.Store(Second - 4, 0x0000_0000_FFFF_FFFF));
        Assert.Equal(IntroAction.Allowed, machine.Store(Second - 8, ulong.MaxValue));
    }

    [Fact]
    public void ATableInTwoFramesIsGuardedInBoth()
    {
        using TestMachine machine = new(idtOffset: 0xF80, idtLimit: 0xFF);
        Assert.Equal(2, machine.Host.WithdrawnFrames);
        ulong first = TestMachine.IdtFrame + 0xF80;
        Assert.Equal(IntroAction.Allowed, machine.Store(first - 8, 1));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(first, 1));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(first + 0xF8, 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(first + 0x100, 1));
        Assert.Equal(0, machine.Alerts[0].VictimIdtEntry);
        Assert.Equal(15, machine.Alerts[1].VictimIdtEntry);
    }

    [Fact]
    public void TheBytesOfTheExitCountAndNotTheRegisters()
    {
        // The instruction says 0x77 in RSI; the exit carries what is there already, and then something else.
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rdi = TestMachine.Alias(Table);
        _machine.Regs.Rsi = 0x77;
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table, 0));
        _machine.Regs.Rsi = 0;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 0x77));
        Assert.Equal(0x77UL, NewValue(0));
    }

    [Theory]
    [InlineData(0U)]
    [InlineData(65U)]
    [InlineData(uint.MaxValue)]
    public unsafe void AnImpossibleSizeIsNoData(uint size)
    {
        VcpuState* record = _machine.Guest.Vcpus[0];
        record->PushedMask = VcpuRegisters.None;
        record->ExitFlags = VcpuExitFlags.Data;
        record->ExitDataSize = size;
        Assert.Equal(IntStatus.Success, _machine.Guest.Enter(0, VcpuStateKind.EptViolation, IntStatus.InvalidParameter5));
        IntStatus status = _machine.Guest.EptViolation(0, Table, TestMachine.Alias(Table), EptAccess.Write, out IntroAction action);
        _machine.Guest.Leave(0, action);
        Assert.Equal((IntStatus.Success, IntroAction.NotAllowed), (status, action));
        Assert.Equal(1, _machine.Alerts.Count);
    }

    [Fact]
    public void RegistersAreAskedForOnceAndPushedOnesKept()
    {
        _machine.Pushes = VcpuRegisters.None;
        Array.Clear(_machine.Host.Queries);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 1));
        Assert.Equal(1, _machine.Host.Queries[(int)QueryInfoClass.RegisterStateGprs]);
        Assert.Equal(1, _machine.Host.Queries[(int)QueryInfoClass.ReadMsr]);
        Assert.Equal(1, _machine.Host.Queries[(int)QueryInfoClass.CsType]);
        Assert.Equal(1, _machine.Host.Queries[(int)QueryInfoClass.CsRing]);
        Assert.Equal(TestMachine.CodeLinear, _machine.Alerts[0].Header.CpuContext.Rip);
        Assert.Equal(VcpuRegisters.None, _machine.Record.PushedMask);
    }

    [Theory]
    [InlineData(QueryInfoClass.RegisterStateGprs)]
    [InlineData(QueryInfoClass.ReadMsr)]
    [InlineData(QueryInfoClass.CsType)]
    [InlineData(QueryInfoClass.CsRing)]
    public void WithoutRegistersTheTableIsClosedAndTheRestOpen(QueryInfoClass refused)
    {
        _machine.Pushes = VcpuRegisters.None;
        _machine.Host.QueryAnswers[(int)refused] = IntStatus.NotSupported;

        // Where the exit does not carry the bytes, the instruction would have to tell them.
        Assert.Equal(IntroAction.NotAllowed, _machine.Refetch(Table, TestMachine.Alias(Table)));
        Assert.Equal(IntStatus.NotSupported, _machine.Status);
        Assert.Equal(IntroAction.Allowed, _machine.Store(TableEnd, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.Equal(1, _machine.Alerts.Count);

        // Where it does, they are judged, and only the alert has less to say.
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.Equal(2, _machine.Alerts.Count);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Table, 0));
    }

    [Fact]
    public void LogOnlyAlertsAndLetsItHappen()
    {
        using TestMachine machine = new(GuestOptions.ProtectIdt | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.Store(Table, 1));
        ref EventEptViolation alert = ref machine.Alerts[0];
        Assert.Equal(IntroAction.NotAllowed, alert.Header.Action);
        Assert.Equal(AlertFlags.Beta, alert.Header.Flags);
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("let through", StringComparison.Ordinal));
    }

    [Fact]
    public void InvertedVerdictsTurnRoundTheTableAndNothingElse()
    {
        using TestMachine machine = new(invert: true);
        Assert.Equal(IntroAction.Allowed, machine.Store(Table, 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(TableEnd, 1));
        using TestMachine logging = new(GuestOptions.ProtectIdt | GuestOptions.KernelBeta, invert: true);
        Assert.Equal(IntroAction.NotAllowed, logging.Store(Table, 1));
        Assert.Equal(IntroAction.Allowed, logging.Store(TableEnd, 1));
    }

    [Fact]
    public void TheRecordTellsWhatTheExitWas()
    {
        Assert.Equal(0UL, _machine.Record.EventId);
        _machine.Store(Table - 4, 1);
        Assert.Equal(1UL, _machine.Record.EventId);
        Assert.Equal((Table - 4, TestMachine.Alias(Table - 4)), (_machine.Record.ExitGpa, _machine.Record.ExitGla));
        Assert.Equal((uint)EptAccess.Write, _machine.Record.ExitAccess);
        Assert.Equal(8U, _machine.Record.AccessSize);
        Assert.Equal(VcpuStateKind.Active, _machine.Record.State);
        Assert.Equal(VcpuExitFlags.None, _machine.Record.ExitFlags);
        Assert.Equal(0U, _machine.Record.ExitDataSize);
    }

    [Fact]
    public void AVcpuThatIsInsideIsBusyAndAnUnknownOneIsRefused()
    {
        Assert.Equal(IntStatus.InvalidParameter5, _machine.Guest.Enter(1, VcpuStateKind.CrWrite, IntStatus.InvalidParameter5));
        Assert.Equal(IntStatus.Success, _machine.Guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter5));
        Assert.Equal(IntroAction.Retry, _machine.Store(Table, 1));
        Assert.Equal(IntStatus.Busy, _machine.Status);
        _machine.Guest.Leave(0, IntroAction.Allowed);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Table, 1));
    }

    [Fact]
    public void ADevicesStoreIsJudgedToo()
    {
        Assert.Equal(IntStatus.Success, _machine.Guest.DeviceStore(Table, [1], out IntroAction action));
        Assert.Equal(IntroAction.NotAllowed, action);
        ref EventEptViolation alert = ref _machine.Alerts[0];
        Assert.Equal((uint.MaxValue, (byte)0), (alert.Header.CpuContext.Cpu, alert.Header.CpuContext.Valid));
        Assert.Equal(AlertFlags.Async, alert.Header.Flags);
        Assert.Equal((Table & 0xFFF, 1U), (alert.Offset, alert.WriteInfo.Size));

        _machine.Guest.DeviceStore(Table, [0], out action);
        Assert.Equal(IntroAction.Allowed, action);
        _machine.Guest.DeviceStore(TableEnd, [1], out action);
        Assert.Equal(IntroAction.Allowed, action);
        _machine.Guest.DeviceStore(TestMachine.IdtFrame - 8, new byte[64], out action);
        Assert.Equal(IntroAction.Allowed, action);
        using TestMachine atStart = new(idtOffset: 0, idtLimit: 0xFF);
        atStart.Guest.DeviceStore(TestMachine.IdtFrame - 8, [0, 0, 0, 0, 0, 0, 0, 0, 0, 9], out action);
        Assert.Equal(IntroAction.NotAllowed, action);
    }

    private unsafe ulong NewValue(int alert)
    {
        fixed (ulong* value = _machine.Alerts[alert].WriteInfo.NewValue)
            return *value;
    }
}
