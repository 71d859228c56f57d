using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Events;
using Engine.Hooks;
using Engine.Vcpus;
using Xunit;

namespace Tests.Unit;

/// <summary>What agents in the guest tell: stores that the page-table filter has seen, violations that the #VE agent raises.</summary>
public sealed unsafe class AgentDispatchTests : IDisposable
{
    private const ulong Entry = 0x6008;
    private const ulong InfoPage = 0x8000;

    private readonly HookMachine _machine = new();
    private readonly ScriptedHandler _handler = new();
    private byte[] _before = [];
    private byte[] _data = [];

    public AgentDispatchTests()
    {
        _handler.Judge = (ref FrameAccess access, in FrameHook _) =>
        {
            Span<byte> before = stackalloc byte[8];
            Assert.Equal(8, access.ReadBefore(access.Gpa, before));
            _before = before.ToArray();
            _data = access.Data.ToArray();
            access.WantsOutcome = true;
            return _verdict;
        };
        _machine.Hooks.Set(Entry & ~0xFFFUL, 4096, EptAccess.Write, _machine.Hooks.AddHandler(_handler), 7);
        VcpuState* record = Record;
        record->Regs = new IgArchRegs { Rip = 0x1000, R8 = 0xFFFF_F680_0000_0008, R9 = Entry, R10 = 2, R11 = 1 };
        record->CsType = IgCsType.Bits64;
        record->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Flags;
        record->State = VcpuStateKind.Vmcall;
    }

    private IntroAction _verdict = IntroAction.Allowed;

    private VcpuState* Record => _machine.Vcpus[0];

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AStoreThatHasLandedIsShownWithWhatWasThere()
    {
        _machine.Ram.Write(Entry, 2UL);
        Assert.Equal(IntStatus.Success, Report(out bool isHooked));
        Assert.True(isHooked);
        Assert.Equal((1UL, 2UL), (BitConverter.ToUInt64(_before), BitConverter.ToUInt64(_data)));
        Assert.Equal(IntroAction.Allowed, Assert.Single(_handler.Told).Final);
        AssertClean();
    }

    [Fact]
    public void OneThatIsNotAllowedIsTakenBack()
    {
        _machine.Ram.Write(Entry, 2UL);
        _verdict = IntroAction.NotAllowed;
        Assert.Equal(IntStatus.Success, Report(out _));
        Assert.Equal(1UL, _machine.Ram.Read<ulong>(Entry));
        Assert.Equal(IntroAction.NotAllowed, Assert.Single(_handler.Told).Final);
    }

    [Fact]
    public void WhatMemoryHoldsCountsAndNotWhatTheFilterSays()
    {
        _machine.Ram.Write(Entry, 0x77UL);
        Assert.Equal(IntStatus.Success, Report(out _));
        Assert.Equal(0x77UL, BitConverter.ToUInt64(_data));
    }

    [Fact]
    public void OneThatWasOverwrittenMeanwhileIsNotTakenBack()
    {
        _machine.Ram.Write(Entry, 2UL);
        ScriptedHandler.Script judge = _handler.Judge!;
        _handler.Judge = (ref FrameAccess access, in FrameHook hook) =>
        {
            judge(ref access, in hook);
            _machine.Ram.Write(Entry, 3UL);
            return IntroAction.NotAllowed;
        };
        Assert.Equal(IntStatus.Success, Report(out _));
        Assert.Equal(3UL, _machine.Ram.Read<ulong>(Entry));
        Assert.Equal(IntroAction.Allowed, Assert.Single(_handler.Told).Final);
        Assert.Contains(_machine.Host.Log.Lines, line => line.Contains("not taken back", StringComparison.Ordinal));
    }

    [Fact]
    public void AnUnhookedFrameNeedsNoMoreReports()
    {
        Record->Regs.R9 = 0x9000;
        Assert.Equal(IntStatus.Success, Report(out bool isHooked));
        Assert.False(isHooked);
    }

    [Theory]
    [InlineData(Entry + 1, IntStatus.InvalidDataValue)]
    [InlineData(0xFFFF_FFFF_0000UL, IntStatus.AccessViolation)]
    [InlineData(ulong.MaxValue - 7, IntStatus.AccessViolation)]
    public void AnImpossibleEntryIsRefused(ulong gpa, IntStatus expected)
    {
        Record->Regs.R9 = gpa;
        Assert.Equal(expected, Report(out _));
        AssertClean();
    }

    [Fact]
    public void TheInformationPageIsLaidOutAsTheAgentHasIt()
    {
        Assert.Equal(641, sizeof(VeCpu));
        Assert.Equal(464, sizeof(VeRegisters));
        VeCpu page = default;
        Assert.Equal(48, Offset(ref page, ref Unsafe.As<VeRegisters, byte>(ref page.Registers)));
        Assert.Equal(528, Offset(ref page, ref Unsafe.As<ulong, byte>(ref page.OldValue)));
        Assert.Equal(536, Offset(ref page, ref Unsafe.As<ulong, byte>(ref page.NewValue)));
        Assert.Equal(608, Offset(ref page, ref page.Instruction[0]));
        Assert.Equal(48 + 128, Offset(ref page, ref Unsafe.As<ulong, byte>(ref page.Registers.Rip)));
        Assert.Equal(48 + 144, Offset(ref page, ref Unsafe.As<ulong, byte>(ref page.Registers.Rflags)));
        Assert.Equal(640, Offset(ref page, ref page.Raised));
    }

    [Fact]
    public void ARaisedStoreIsJudgedAndPerformed()
    {
        Raise(qualification: 0x102, newValue: 2);
        Assert.Equal(IntStatus.Success, _machine.Raised.Dispatch(Record, _machine.Unit));
        Assert.Equal((1UL, 2UL), (BitConverter.ToUInt64(_before), BitConverter.ToUInt64(_data)));
        Assert.Equal(2UL, _machine.Ram.Read<ulong>(Entry));
        Assert.Equal(0x1000UL, Record->Regs.Rip);
        Assert.Equal(IntroAction.AllowedVirtual, Assert.Single(_handler.Told).Final);
        AssertClean();
    }

    [Fact]
    public void OneThatIsNotAllowedDoesNotLandAndTheAgentIsGivenWhatIsThere()
    {
        Raise(qualification: 0x102, newValue: 2);
        _verdict = IntroAction.NotAllowed;
        Assert.Equal(IntStatus.Success, _machine.Raised.Dispatch(Record, _machine.Unit));
        Assert.Equal(1UL, _machine.Ram.Read<ulong>(Entry));
        Assert.Equal(1UL, _machine.Ram.Read<ulong>(InfoPage + 536));
    }

    [Fact]
    public void TheInterruptedCodesRegistersAreInTheRecordMeanwhileAndGoBack()
    {
        Raise(qualification: 0x102, newValue: 2);
        ScriptedHandler.Script judge = _handler.Judge!;
        _handler.Judge = (ref FrameAccess access, in FrameHook hook) =>
        {
            Assert.Equal((0x5555UL, 0x12UL), (access.Vcpu->Regs.Rip, access.Vcpu->Regs.Rcx));
            Assert.Equal((1, VcpuStateKind.EptViolation), (access.Vcpu->VeContext, access.Vcpu->State));
            Assert.Equal(3, access.Vcpu->Instruction.Length);
            access.Vcpu->Regs.Rcx = 0x99;
            return judge(ref access, in hook);
        };
        Assert.Equal(IntStatus.Success, _machine.Raised.Dispatch(Record, _machine.Unit));
        Assert.Equal(0x99UL, _machine.Ram.Read<ulong>(InfoPage + 48 + 8));
        Assert.Equal(0UL, Record->Regs.Rcx);
    }

    [Fact]
    public void APageThatIsNoneIsRefused()
    {
        Assert.Equal(IntStatus.NotFound, _machine.Raised.Dispatch(Record, _machine.Unit));
        Raise(qualification: 0x102, newValue: 2);
        _machine.Ram.Write(InfoPage, 49UL);
        Assert.Equal(IntStatus.InvalidDataValue, _machine.Raised.Dispatch(Record, _machine.Unit));
        Record->VeInfoPage = 0xFFFF_FFFF_F000;
        Assert.Equal(IntStatus.AccessViolation, _machine.Raised.Dispatch(Record, _machine.Unit));
        Assert.Empty(_handler.Asked);
        AssertClean();
    }

    [Fact]
    public void AWalkMarksTheUserHalfsTable()
    {
        Raise(qualification: 0x2, newValue: 0);
        Assert.Equal(IntStatus.NotFound, _machine.Raised.Dispatch(Record, _machine.Unit));
        RaisedViolations raised = _machine.Raised;
        raised.Guest = new UserTables { UserCr3 = 0xA000 };
        ulong top = 0xA000 + (((0xFFFF_F680_0000_0008UL >> 39) & 511) * 8);
        _machine.Ram.Write(top, 0x1007UL);
        Assert.Equal(IntStatus.Success, raised.Dispatch(Record, _machine.Unit));
        Assert.Equal(0x1027UL, _machine.Ram.Read<ulong>(top));
        _machine.Ram.Write(top, 0x1006UL);
        Assert.Equal(IntStatus.Success, raised.Dispatch(Record, _machine.Unit));
        Assert.Equal(0x1006UL, _machine.Ram.Read<ulong>(top));
    }

    private IntStatus Report(out bool isHooked) => _machine.Reports.Dispatch(Record, _machine.Unit, out isHooked);

    private void Raise(ulong qualification, ulong newValue)
    {
        VeCpu page = default;
        page.Reason = 48;
        page.Qualification = qualification;
        page.GuestLinearAddress = 0xFFFF_F680_0000_0008;
        page.GuestPhysicalAddress = Entry;
        page.Registers.Rip = 0x5555;
        page.Registers.Gprs[1] = 0x12;
        page.OldValue = 1;
        page.NewValue = newValue;
        ((ReadOnlySpan<byte>)[0x48, 0x89, 0x37]).CopyTo(new Span<byte>(page.Instruction, 3));
        _machine.Ram.WriteBytes(InfoPage, new ReadOnlySpan<byte>(&page, sizeof(VeCpu)));
        _machine.Ram.Write(Entry, 1UL);
        Record->VeInfoPage = InfoPage;
    }

    private void AssertClean()
    {
        Assert.Equal((0, 0, 0), (Record->PtContext, Record->VeContext, Record->PtEmuBuffer.Valid));
        Assert.Equal(VcpuStateKind.Vmcall, Record->State);
    }

    private static int Offset(ref VeCpu page, ref byte field) =>
        (int)Unsafe.ByteOffset(ref Unsafe.As<VeCpu, byte>(ref page), ref field);

    private sealed class UserTables : IVeGuest
    {
        public ulong UserCr3 { get; init; }

        public bool IsAgentRemapped(ulong linear) => false;

        public bool TryFindUserCr3(ulong cr3, out ulong userCr3)
        {
            userCr3 = UserCr3;
            return true;
        }
    }
}
