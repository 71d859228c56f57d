using System;
using Engine.Abi;
using Engine.Hooks;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Executions that are allowed, and what their instructions access while the hypervisor steps over them (spec/12, section 1, B
/// and G).</summary>
public sealed unsafe class SingleStepTests : IDisposable
{
    private const ulong Other = 0x5000;

    private readonly HookMachine _machine = new(data: false, glue: FakeGlue.Full());
    private readonly ScriptedHandler _handler = new();

    public SingleStepTests()
    {
        _machine.MapDirectly();
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x8B, 0x37); // mov rsi, [rdi]
        Record->Regs.Rdi = HookMachine.DirectMap + Other;
        _machine.Hooks.Set(HookMachine.CodeFrame, 0x1000, EptAccess.Execute, _machine.Hooks.AddHandler(_handler), 1);
        _machine.Hooks.Commit();
    }

    private VcpuState* Record => _machine.Vcpus[0];

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AnAllowedExecutionIsRemembered()
    {
        Assert.Equal(IntroAction.Allowed, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
        Assert.Equal((1, _machine.Rip, HookMachine.CodeFrame), (Record->AllowOnExec, Record->AllowOnExecRip, Record->AllowOnExecGpa));
        Assert.Equal(0, Record->SingleStep);
    }

    [Theory]
    [InlineData(IntroAction.NotAllowed)]
    [InlineData(IntroAction.Retry)]
    public void OneThatIsNotAllowedIsNot(IntroAction answer)
    {
        _handler.Judge = (ref FrameAccess _, in FrameHook _) => answer;
        Assert.Equal(answer, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
        Assert.Equal(0, Record->AllowOnExec);
    }

    [Fact]
    public void RightsAreLeftAloneWhileItIsSteppedOver()
    {
        _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute);
        _machine.Host.SetWithdrawn(Other, EptAccess.Read);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Other, EptAccess.Read));
        Assert.Equal(1, Record->SingleStep);
        Assert.Equal(EptAccess.Read, _machine.Host.Withdrawn(Other));

        // The next instruction ends that.
        _machine.Rip += 3;
        Assert.Equal(IntroAction.Retry, _machine.Exit(Other, EptAccess.Read));
        Assert.Equal((0, 0, 0UL, 0UL), (Record->SingleStep, Record->AllowOnExec, Record->AllowOnExecRip, Record->AllowOnExecGpa));
        Assert.Equal(EptAccess.None, _machine.Host.Withdrawn(Other));
    }

    [Fact]
    public void ItsHooksAreAskedAllTheSame()
    {
        ScriptedHandler reads = new() { Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed };
        _machine.Hooks.Set(Other, 8, EptAccess.Read, _machine.Hooks.AddHandler(reads), 2);
        _machine.Hooks.Commit();
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
        reads.Judge = null;
        _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute);
        reads.Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(Other, EptAccess.Read));
        Assert.Equal(1, Record->SingleStep);
    }

    [Fact]
    public void TheSameExecutionAnewEndsTheOneBefore()
    {
        _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute);
        _handler.Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.NotAllowed;
        _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute);
        Assert.Equal((0, 0), (Record->SingleStep, Record->AllowOnExec));
    }
}
