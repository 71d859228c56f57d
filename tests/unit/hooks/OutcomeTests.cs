using System;
using System.Linq;
using Engine.Abi;
using Engine.Hooks;
using Xunit;

namespace Tests.Unit;

/// <summary>Accesses are judged first; who wants to know is told once what becomes of them, before they happen.</summary>
public sealed class OutcomeTests : IDisposable
{
    private const ulong Page = 0x5000;

    private readonly HookMachine _machine = new();
    private readonly ScriptedHandler _first = new();
    private readonly ScriptedHandler _second = new();
    private readonly ushort _firstIndex;
    private readonly ushort _secondIndex;

    public OutcomeTests()
    {
        _firstIndex = _machine.Hooks.AddHandler(_first);
        _secondIndex = _machine.Hooks.AddHandler(_second);
    }

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData(IntroAction.Allowed)]
    [InlineData(IntroAction.NotAllowed)]
    [InlineData(IntroAction.Retry)]
    public void TheOutcomeIsThatOfAllHooks(IntroAction other)
    {
        Hook(Page, 4096, _firstIndex, 1);
        Hook(Page + 8, 8, _secondIndex, 2);
        _first.Judge = WantOutcome;
        _second.Judge = (ref access, in hook) => other;
        Assert.Equal(other, _machine.Store(Page + 8, 0x1122334455667788));
        (ulong gpa, byte[] data, ulong cookie, IntroAction final) = Assert.Single(_first.Told);
        Assert.Equal((Page + 8, 1UL, other), (gpa, cookie, final));
        Assert.Equal(BitConverter.GetBytes(0x1122334455667788), data);
        Assert.Equal(2UL, Assert.Single(_second.Told).Cookie);
        Assert.Equal(other == IntroAction.Allowed ? 0x1122334455667788UL : 0, _machine.Ram.Read<ulong>(Page + 8));
    }

    [Fact]
    public void NobodyIsToldIfNobodyWantsToKnow()
    {
        Hook(Page, 4096, _firstIndex, 1);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 1));
        Assert.Single(_first.Asked);
        Assert.Empty(_first.Told);
    }

    [Fact]
    public void BothPagesOfAStoreAreToldTheOutcomeOfTheWhole()
    {
        Hook(Page, 4096, _firstIndex, 1);
        Hook(Page + 0x1000, 4096, _secondIndex, 2);
        _first.Judge = WantOutcome;
        _second.Judge = (ref access, in hook) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page + 0xFFD, 0x8877665544332211));
        (ulong gpa, byte[] data, _, IntroAction final) = Assert.Single(_first.Told);
        Assert.Equal((Page + 0xFFD, IntroAction.NotAllowed), (gpa, final));
        Assert.Equal([0x11, 0x22, 0x33], data);
        (gpa, data, _, final) = Assert.Single(_second.Told);
        Assert.Equal((Page + 0x1000, IntroAction.NotAllowed), (gpa, final));
        Assert.Equal([0x44, 0x55, 0x66, 0x77, 0x88], data);
    }

    [Fact]
    public void ADevicesStoreHasAnOutcome()
    {
        Hook(Page, 4096, _firstIndex, 1);
        _first.Judge = WantOutcome;
        Assert.Equal(IntroAction.Allowed, _machine.DeviceStore(Page + 0xFFE, [1, 2, 3, 4]));
        (ulong gpa, byte[] data, _, IntroAction final) = Assert.Single(_first.Told);
        Assert.Equal((Page + 0xFFE, IntroAction.Allowed), (gpa, final));
        Assert.Equal([1, 2], data);
    }

    [Fact]
    public unsafe void WhatTheEnginePerformsIsToldBeforeItLands()
    {
        using HookMachine machine = new(data: false);
        machine.MapDirectly();
        ScriptedHandler handler = new();
        ulong seen = ulong.MaxValue;
        ushort index = machine.Hooks.AddHandler(handler);
        Assert.Equal(IntStatus.Success, machine.Hooks.Set(Page, 4096, EptAccess.Write, index, 1));
        machine.Hooks.Commit();
        handler.Judge = (ref access, in hook) =>
        {
            seen = machine.Ram.Read<ulong>(Page + 16);
            machine.Hooks.Set(0x9000, 8, EptAccess.Write, index, 2);
            return WantOutcome(ref access, in hook);
        };
        Assert.Equal(IntroAction.AllowedVirtual, machine.Execute(Page + 16, 0x42));
        Assert.Equal(IntroAction.AllowedVirtual, Assert.Single(handler.Told).Final);
        Assert.Equal(BitConverter.GetBytes(0x42UL), handler.Told[0].Data);
        Assert.Equal(0UL, seen);
        Assert.Equal(0x42UL, machine.Ram.Read<ulong>(Page + 16));
        Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(0x9000));

        handler.Judge = (ref access, in hook) =>
        {
            WantOutcome(ref access, in hook);
            return IntroAction.NotAllowed;
        };
        Assert.Equal(IntroAction.NotAllowed, machine.Execute(Page + 16, 0x43));
        Assert.Equal(IntroAction.NotAllowed, handler.Told[^1].Final);
        Assert.Equal(0x42UL, machine.Ram.Read<ulong>(Page + 16));
    }

    [Fact]
    public void RightsThatAStoreChangesAreInForceBeforeItLands()
    {
        // The engine performs the store: the new frame is protected by then, and there was a flush.
        using HookMachine machine = new(data: false);
        machine.MapDirectly();
        ScriptedHandler handler = new();
        ushort index = machine.Hooks.AddHandler(handler);
        machine.Hooks.Set(Page, 4096, EptAccess.Write, index, 1);
        machine.Hooks.Commit();
        ulong atFlush = ulong.MaxValue;
        handler.Judge = (ref access, in hook) =>
        {
            machine.Hooks.Set(0x9000, 8, EptAccess.Write, index, 2);
            return IntroAction.Allowed;
        };
        machine.Host.OnSetRights = gpa => atFlush = machine.Ram.Read<ulong>(Page);
        Assert.Equal(IntroAction.AllowedVirtual, machine.Execute(Page, 7));
        Assert.Equal(0UL, atFlush);
        Assert.Equal(7UL, machine.Ram.Read<ulong>(Page));
    }

    [Fact]
    public void FurtherPiecesOfAReportedStoreAreTold()
    {
        // movups [rdi], xmm0 that a hypervisor reports in two pieces; the first is reported and, in log-only mode, allowed.
        Hook(Page, 4096, _firstIndex, 1);
        _machine.MapDirectly();
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x0F, 0x11, 0x07);
        SetRdi(HookMachine.DirectMap + Page);
        _first.Judge = (ref access, in hook) =>
        {
            access.Reported = access.WantsOutcome = true;
            return IntroAction.Allowed;
        };
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 0x1111));
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page + 8, 0x2222));
        Assert.Single(_first.Asked);
        Assert.Equal([Page, Page + 8], _first.Told.Select(told => told.Gpa));
        Assert.Equal(BitConverter.GetBytes(0x2222UL), _first.Told[1].Data);
    }

    [Fact]
    public void AHandlerMaySkipOthersOfItsKind()
    {
        Hook(Page, 4096, _firstIndex, 1);
        Hook(Page, 4096, _secondIndex, 2);
        Hook(Page, 4096, _secondIndex, 3, EptAccess.Read);
        ScriptedHandler.Script skip = (ref access, in hook) =>
        {
            access.SkipsOthers = hook.Access == EptAccess.Write;
            return IntroAction.Allowed;
        };
        _first.Judge = skip;
        _second.Judge = skip;
        _machine.Exit(Page, EptAccess.Read | EptAccess.Write);
        Assert.Single(_first.Asked.Concat(_second.Asked), asked => asked.Cookie != 3);
        Assert.Single(_second.Asked, asked => asked.Cookie == 3);
    }

    [Fact]
    public void AHookMayRemoveItselfOnReturn()
    {
        Hook(Page, 4096, _firstIndex, 1);
        _first.Judge = (ref access, in hook) =>
        {
            access.RemovesHook = true;
            return IntroAction.NotAllowed;
        };
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page, 1));
        Assert.Equal(0, _machine.Host.WithdrawnFrames);
        Assert.Equal(0, _machine.Host.RegisteredHandler);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 1));
        Assert.Single(_first.Asked);
    }

    [Fact]
    public void AHookThatAnEarlierOneRemovedIsNotAsked()
    {
        Hook(Page, 4096, _firstIndex, 1);
        Hook(Page, 4096, _secondIndex, 2);
        _first.Judge = (ref access, in hook) => Removing(_secondIndex, 2);
        _second.Judge = (ref access, in hook) => Removing(_firstIndex, 1);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 1));
        Assert.Equal(1, _first.Asked.Count + _second.Asked.Count);
        Assert.Equal(1, _machine.Hooks.Map.Count);
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(Page));

        IntroAction Removing(ushort handler, ulong cookie)
        {
            Assert.Equal(1, _machine.Hooks.Remove(Page, handler, cookie));
            return IntroAction.Allowed;
        }
    }

    [Fact]
    public void RightsChangedInAnExitTakeEffectBeforeItReturnsWithOneFlush()
    {
        Hook(Page, 4096, _firstIndex, 1);
        int flushes = _machine.Host.Flushes;
        _first.Judge = (ref access, in hook) =>
        {
            for (ulong frame = 0x20; frame < 0x30; frame++)
                Assert.Equal(IntStatus.Success, _machine.Hooks.Set(frame << 12, 8, EptAccess.Write, _firstIndex, 7));
            _machine.Hooks.Remove(Page, _firstIndex, 1);
            Assert.Equal(flushes, _machine.Host.Flushes);
            return IntroAction.Allowed;
        };
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 1));
        Assert.Equal(flushes + 1, _machine.Host.Flushes);
        Assert.Equal(EptAccess.None, _machine.Host.Withdrawn(Page));
        Assert.Equal(16, _machine.Host.WithdrawnFrames);
        _machine.Store(0x9000, 1);
        Assert.Equal(flushes + 1, _machine.Host.Flushes);
    }

    [Fact]
    public void ForcingTheActionIsSaidForTheExitAlone()
    {
        Hook(Page, 8, _firstIndex, 1);
        Hook(Page + 8, 8, _secondIndex, 2);
        _first.Judge = (ref access, in hook) =>
        {
            access.ForcesAction = true;
            return IntroAction.NotAllowed;
        };
        _machine.Store(Page, 1);
        Assert.Equal(IntStatus.ForceActionOnBeta, _machine.Status);
        _machine.Store(Page + 8, 1);
        Assert.Equal(IntStatus.Success, _machine.Status);
    }

    [Fact]
    public void ADisabledHookIsSkippedAndItsRightsStayWithdrawn()
    {
        Hook(Page, 4096, _firstIndex, 1);
        Assert.Equal(1, _machine.Hooks.SetDisabled(Page, _firstIndex, 1, disabled: true));
        Assert.Equal(0, _machine.Hooks.SetDisabled(Page, _firstIndex, 2, disabled: true));
        _first.Judge = (ref access, in hook) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.Allowed, _machine.Store(Page, 1));
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(Page));
        Assert.Equal(EptAccess.Write, _machine.Hooks.HookedAccess(Page));
        Assert.Equal(1, _machine.Hooks.SetDisabled(Page, _firstIndex, 1, disabled: false));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page, 1));
        Assert.Single(_first.Asked);
    }

    [Fact]
    public unsafe void WhatJudgesByBytesAloneNeedsNoInstructionUntilItAsksForIt()
    {
        _machine.MapDirectly();
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x89, 0x37);
        SetRdi(HookMachine.DirectMap + Page);
        _machine.Vcpus[0]->Regs.Rsi = 5;
        Assert.Equal(IntStatus.Success, _machine.Hooks.Set(Page, 4096, EptAccess.Write, _firstIndex, 1, FrameHookFlags.BytesOnly));
        byte length = 99;
        bool asks = false;
        _first.Judge = (ref access, in hook) =>
        {
            length = access.Vcpu->Instruction.Length;
            if (asks)
            {
                access.Attribution!.Attribute(ref access);
                length = access.Vcpu->Instruction.Length;
                Assert.Equal((HookMachine.DirectMap + Page, 8), (access.Store.Linear, access.Store.Size));
                Assert.Equal(BitConverter.GetBytes(5UL), access.StoreData.ToArray());
                Assert.Null(access.Attribution);
            }

            return IntroAction.NotAllowed;
        };
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page, 5));
        Assert.Equal(0, length);
        asks = true;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page, 5));
        Assert.Equal(3, length);

        // Another hook that the store touches needs the instruction: then it is there for all.
        asks = false;
        Hook(Page + 4, 8, _secondIndex, 2);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Page, 5));
        Assert.Equal(3, length);
    }

    private static IntroAction WantOutcome(ref FrameAccess access, in FrameHook hook)
    {
        access.WantsOutcome = true;
        return IntroAction.Allowed;
    }

    private unsafe void SetRdi(ulong value) => _machine.Vcpus[0]->Regs.Rdi = value;

    private void Hook(ulong gpa, int length, ushort handler, ulong cookie, EptAccess access = EptAccess.Write)
    {
        Assert.Equal(IntStatus.Success, _machine.Hooks.Set(gpa, length, access, handler, cookie));
        Assert.Equal(IntStatus.Success, _machine.Hooks.Commit());
    }
}
