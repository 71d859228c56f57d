using System;
using Engine.Abi;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Instructions that repeat and that the hypervisor completes: their iterations are made to exit one by one once they reach a
/// hook (spec/12, section 1, E4).</summary>
public sealed unsafe class RepetitionTests : IDisposable
{
    /// <summary>RFLAGS.TF.</summary>
    private const ulong TrapFlag = 1 << 8;

    private const ulong Frame = 0x5000;
    private const ulong Hooked = Frame + 0x80;

    private readonly HookMachine _machine = new(vcpus: 2, data: false, glue: FakeGlue.Full());
    private readonly ScriptedHandler _handler = new();

    public RepetitionTests()
    {
        _machine.MapDirectly();
        ushort id = _machine.Hooks.AddHandler(_handler);
        _machine.Hooks.Set(Hooked, 0x10, EptAccess.Write, id, 1);
        _machine.Hooks.Set(Hooked, 0x10, EptAccess.Read, id, 2);
        _machine.Hooks.Commit();

        // repe cmpsb: not performed by the engine while the guest steps it
        _machine.Flags |= TrapFlag;
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0xF3, 0xA6);
        for (uint vcpu = 0; vcpu < 2; vcpu++)
        {
            _machine.Vcpus[vcpu]->Regs.Rsi = HookMachine.DirectMap + Frame;
            _machine.Vcpus[vcpu]->Regs.Rdi = HookMachine.DirectMap + 0x9000;
            _machine.Vcpus[vcpu]->Regs.Rcx = 0x100;
        }
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void OneThatReachesAHookExitsIterationByIterationFromThenOn()
    {
        Assert.Equal(IntroAction.Retry, Compare());
        Assert.Equal([false], _machine.Host.Toggles);
        Assert.Equal(1, _machine.Vcpus[0]->RepOptDisabled);
        Assert.Empty(_handler.Asked);

        Assert.Equal(IntroAction.Allowed, Compare());
        Assert.Empty(_handler.Asked);
        Assert.Equal(IntroAction.Allowed, Compare(Hooked + 3));
        Assert.Equal((Hooked + 3, 1, 2UL), Assert.Single(_handler.Asked));
    }

    [Fact]
    public void AStoreIsKnownToTheByteThen()
    {
        // rep stosd, which must not be performed here, since registers cannot be set without flags
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0xF3, 0xAB);
        _machine.HidesFlags = true;
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Frame;
        Assert.Equal(IntroAction.Retry, _machine.Exit(Frame, EptAccess.Write));
        Assert.Equal([false], _machine.Host.Toggles);
        _machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Hooked + 4;
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Hooked + 4, EptAccess.Write));
        Assert.Equal((Hooked + 4, 4, 1UL), Assert.Single(_handler.Asked));
    }

    [Fact]
    public void OneThatReachesNoneStaysAsItIs()
    {
        _machine.Vcpus[0]->Regs.Rcx = 0x20;
        Assert.Equal(IntroAction.Allowed, Compare());
        Assert.Empty(_machine.Host.Toggles);
        Assert.Empty(_handler.Asked);
    }

    [Fact]
    public void AnotherInstructionSwitchesItOnAgainAndTheLastVcpuCounts()
    {
        Compare();
        Assert.Equal(IntroAction.Allowed, Compare(vcpu: 1));
        _machine.Repetitions.TryHold(_machine.Vcpus[1]);

        _machine.Flags &= ~TrapFlag;
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Execute(Frame, 1));
        Assert.Equal([false], _machine.Host.Toggles);
        Assert.Equal(IntroAction.AllowedVirtual, _machine.Execute(Frame, 1, vcpu: 1));
        Assert.Equal([false, true], _machine.Host.Toggles);
    }

    [Fact]
    public void AVcpuThatDoesNotExitAnyMoreIsMadeToLetGo()
    {
        Compare();
        _machine.Repetitions.Run();
        Assert.Equal([false], _machine.Host.Toggles);
        _machine.Repetitions.Run();
        Assert.Equal([false, true], _machine.Host.Toggles);

        // What it still believes to hold is nothing, and it may hold it anew.
        Assert.Equal(IntroAction.Retry, Compare());
        Assert.Equal([false, true, false], _machine.Host.Toggles);
        _machine.Repetitions.Stop();
        Assert.Equal([false, true, false, true], _machine.Host.Toggles);
    }

    [Fact]
    public void IterationsAreJudgedWithoutAllocation()
    {
        Compare();
        Compare();
        int allowed = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            allowed += Compare() == IntroAction.Allowed ? 1 : 0;
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(10_000, allowed);
    }

    [Fact]
    public void AGlueThatDoesNotSwitchGetsAllOfItsPageJudged()
    {
        _machine.Host.ToggleAnswer = IntStatus.NotReady;
        Assert.Equal(IntroAction.Allowed, Compare());
        Assert.Equal(0, _machine.Vcpus[0]->RepOptDisabled);
        Assert.NotEmpty(_handler.Asked);
        using HookMachine without = new(data: false, glue: FakeGlue.Table());
        Assert.False(without.Repetitions.IsPossible);
        Assert.False(without.Repetitions.TryHold(without.Vcpus[0]));
    }

    private IntroAction Compare(ulong gpa = Frame, uint vcpu = 0)
    {
        _machine.Vcpus[vcpu]->Regs.Rsi = HookMachine.DirectMap + gpa;
        return _machine.Exit(gpa, EptAccess.Read, vcpu);
    }
}
