using System;
using System.Linq;
using Engine.Abi;
using Engine.Hooks;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Instructions with several accesses, on a hypervisor that would complete them as a whole: each of them is judged, whichever
/// has caused the exit.</summary>
public sealed unsafe class WholeInstructionTests : IDisposable
{
    private const ulong Source = 0x4010;
    private const ulong Target = 0x5020;

    /// <summary>RFLAGS.TF: the debug exception after it is the processor's to raise.</summary>
    private const ulong TrapFlag = 1 << 8;

    private readonly HookMachine _machine = new(data: false, glue: FakeGlue.Full());
    private readonly ScriptedHandler _reads = new();
    private readonly ScriptedHandler _writes = new();

    public WholeInstructionTests()
    {
        _machine.MapDirectly();
        _machine.Ram.Write(Source, 0x1122_3344_5566_7788UL);

        // movsq
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0xA5);
        _machine.Vcpus[0]->Regs.Rsi = HookMachine.DirectMap + Source;
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Target;
        _machine.Hooks.Set(Source, 8, EptAccess.Read, _machine.Hooks.AddHandler(_reads), 1);
        _machine.Hooks.Set(Target, 8, EptAccess.Write, _machine.Hooks.AddHandler(_writes), 2);
        _machine.Hooks.Commit();
    }

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData(Source, EptAccess.Read)]
    [InlineData(Target, EptAccess.Write)]
    public void BothAreAskedAndTheEnginePerformsIt(ulong exit, EptAccess kind)
    {
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Exit(exit, kind));
        Assert.Equal((Source, 8, 1UL), Assert.Single(_reads.Asked));
        Assert.Equal((Target, 8, 2UL), Assert.Single(_writes.Asked));
        Assert.Equal(0x1122_3344_5566_7788UL, _machine.Ram.Read<ulong>(Target));
    }

    [Theory]
    [InlineData(Source, EptAccess.Read)]
    [InlineData(Target, EptAccess.Write)]
    public void EitherMayRefuse(ulong exit, EptAccess kind)
    {
        _reads.Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(exit, kind));
        _reads.Judge = null;
        _writes.Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(exit, kind));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Target));
    }

    [Theory]
    [InlineData(Source, EptAccess.Read)]
    [InlineData(Target, EptAccess.Write)]
    public void WhatMustNotSeeMemorysBytesIsPerformedWithOthers(ulong exit, EptAccess kind)
    {
        PatchReads();
        byte[] stored = [];
        _writes.Judge = (ref FrameAccess access, in FrameHook _) =>
        {
            stored = access.Data.ToArray();
            return IntroAction.Allowed;
        };
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Exit(exit, kind));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], stored);
        Assert.Equal(0x0807_0605_0403_0201UL, _machine.Ram.Read<ulong>(Target));
        Assert.Empty(_machine.Host.Context);
    }

    [Theory]
    [InlineData(Source, EptAccess.Read)]
    [InlineData(Target, EptAccess.Write)]
    public void AStoreOfPatchedBytesMayBeRefused(ulong exit, EptAccess kind)
    {
        PatchReads();
        _writes.Judge = (ref FrameAccess access, in FrameHook _) =>
            access.Data[0] == 1 ? IntroAction.NotAllowed : IntroAction.Allowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(exit, kind));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Target));
    }

    [Theory]
    [InlineData(Source, EptAccess.Read)]
    [InlineData(Target, EptAccess.Write)]
    public void WhatTrapsIsLeftToTheHypervisorWithOthers(ulong exit, EptAccess kind)
    {
        PatchReads();
        _machine.Flags |= TrapFlag;
        Assert.Equal(IntroAction.AllowedPatched, _machine.Exit(exit, kind));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], _machine.Host.Context);
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Target));
    }

    [Theory]
    [InlineData(Source, 0x5020UL, false)]
    [InlineData(0x5020UL, Source, false)]
    [InlineData(Source, 0x5020UL, true)]
    [InlineData(0x5020UL, Source, true)]
    public void OfAnInstructionThatReadsTwiceBothAreAskedWhoeverPerformsIt(ulong exit, ulong other, bool traps)
    {
        // cmpsq
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0xA7);
        _machine.Hooks.Set(Target, 8, EptAccess.Read, _machine.Hooks.AddHandler(_reads), 3);
        _machine.Flags |= traps ? TrapFlag : 0;
        const ulong Start = HookMachine.DirectMap + HookMachine.CodeFrame;
        Assert.Equal(traps ? IntroAction.Allowed : IntroAction.AllowedVirtual, _machine.Exit(exit, EptAccess.Read));
        Assert.Equal(2, _reads.Asked.Count);
        Assert.Equal(Start + (traps ? 0UL : 2), _machine.Vcpus[0]->Regs.Rip);
        _machine.Vcpus[0]->Regs.Rsi = HookMachine.DirectMap + Source;
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Target;
        _reads.Judge = (ref FrameAccess access, in FrameHook _) =>
            access.Gpa == other ? IntroAction.NotAllowed : IntroAction.Allowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(exit, EptAccess.Read));
    }

    [Fact]
    public void AnOperandThatIsNotThereIsWaitedFor()
    {
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0xA7);
        _machine.Vcpus[0]->Regs.Rdi = 0x1234_0000;
        for (int i = 0; i < Engine.Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Retry, _machine.Exit(Source, EptAccess.Read));
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Source, EptAccess.Read));
    }

    [Fact]
    public void AReadThatIsReportedWithAStoreIsNone()
    {
        // mov [rdi], rsi, which is not performed, since flags are not known
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x89, 0x37);
        _machine.HidesFlags = true;
        _machine.Hooks.Set(Target, 8, EptAccess.Read, _machine.Hooks.AddHandler(_reads), 3);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Target, EptAccess.Read | EptAccess.Write));
        Assert.Empty(_reads.Asked);
        Assert.Single(_writes.Asked);
    }

    [Theory]
    [InlineData(Source - 8, 0)]
    [InlineData(Source - 7, 1)]
    [InlineData(Source + 7, 1)]
    [InlineData(Source + 8, 0)]
    public void AReadTouchesItsOperandAlone(ulong from, int asked)
    {
        // mov rsi, [rdi]
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x8B, 0x37);
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + from;
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Exit(from, EptAccess.Read));
        Assert.Equal(asked, _reads.Asked.Count);
        if (asked != 0)
            Assert.Equal((from, 8, 1UL), _reads.Asked[0]);
    }

    [Theory]
    [InlineData(0x1002, 0)]
    [InlineData(0x1001, 1)]
    [InlineData(0x1000, 1)]
    [InlineData(0x0FFE, 0)]
    public void AnExecutionTouchesItsBytesAlone(ulong hooked, int asked)
    {
        _machine.Hooks.Set(hooked, 1, EptAccess.Execute, _machine.Hooks.AddHandler(_reads), 3);
        _machine.Hooks.Set(HookMachine.CodeFrame + 0x800, 1, EptAccess.Execute, _machine.Hooks.AddHandler(_writes), 4);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
        Assert.Equal(asked, _reads.Asked.Count(one => one.Cookie == 3));
        Assert.DoesNotContain(_writes.Asked, one => one.Cookie == 4);
    }

    [Fact]
    public void OfAnInstructionThatGoesOnInTheNextPageEitherFetchIsJudged()
    {
        _machine.Rip = HookMachine.DirectMap + 0x1FFF;
        _machine.Ram.WriteBytes(0x1FFF, 0x48, 0x8B, 0x37);
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + 0x9000;
        _machine.Hooks.Set(0x2000, 0x1000, EptAccess.Execute, _machine.Hooks.AddHandler(_reads), 3);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(0x2000, EptAccess.Execute));
        Assert.Equal((0x2000UL, 2, 3UL), Assert.Single(_reads.Asked));
    }

    [Fact]
    public void WhatAnInstructionAccessesBesidesADeviceIsJudged()
    {
        // movsq from a frame without hooks, whose rights are as they should be: the hypervisor has a reason of its own to complete it
        _machine.Vcpus[0]->Regs.Rsi = HookMachine.DirectMap + 0x9000;
        _writes.Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(0x9000, EptAccess.Read));
        _writes.Judge = null;
        Assert.Equal(IntroAction.Allowed, _machine.Exit(0x9000, EptAccess.Read));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Target));
    }

    [Fact]
    public void AReadAndWriteAsksReadHooksFirst()
    {
        // add [rdi], rsi
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x01, 0x37);
        _machine.Hooks.Set(Target, 8, EptAccess.Read, _machine.Hooks.AddHandler(_reads), 3);
        int asked = 0;
        _reads.Judge = (ref FrameAccess _, in FrameHook _) => { Assert.Equal(0, asked++); return IntroAction.Allowed; };
        _writes.Judge = (ref FrameAccess _, in FrameHook _) => { Assert.Equal(1, asked++); return IntroAction.Allowed; };
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Exit(Target, EptAccess.Read | EptAccess.Write));
        Assert.Equal(2, asked);
    }

    private void PatchReads() => _reads.Judge = (ref FrameAccess access, in FrameHook _) =>
    {
        Assert.True(access.TryPatch(access.Gla, [1, 2, 3, 4, 5, 6, 7, 8]));
        return IntroAction.AllowedPatched;
    };
}
