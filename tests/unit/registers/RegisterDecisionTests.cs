using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Events;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>One test for each row of what is decided about control, model-specific and extended control registers (spec/12, sections 2 to
/// 4).</summary>
public sealed unsafe class RegisterDecisionTests : IDisposable
{
    private readonly FakeHypervisor _host = new();
    private readonly GuestRam _ram = new(4);
    private readonly VcpuTable _vcpus = new(1);
    private readonly RegisterHooks _hooks;
    private readonly RegisterWriteEvents _events;
    private readonly InstructionUnit[] _units = [new()];
    private readonly List<(int Handler, uint Number, MsrAccess Access, ulong Old, ulong New)> _asked = [];

    public RegisterDecisionTests()
    {
        RegisterGlue.Add(_host.Handle, new RegisterHost());
        Engine.Hosting.Hypervisor hypervisor = _host.Open(RegisterGlue.Table());
        _hooks = new RegisterHooks(hypervisor, new RegisterExitHandlers { Cr = 2, Msr = 3, Dtr = 4, Xcr = 5 });
        _events = new RegisterWriteEvents(hypervisor, _ram.Declare(), _units, _hooks);
    }

    private VcpuState* Vcpu => _vcpus[0];

    public void Dispose()
    {
        RegisterGlue.Remove(_host.Handle);
        _host.Forget();
        _ram.Dispose();
    }

    [Theory]
    [InlineData(4U, IntStatus.NotFound)] // hooked: another one
    [InlineData(0U, IntStatus.Success)]
    public void AControlRegisterWithoutAHookIsNotFoundAndAllowed(uint cr, IntStatus expected)
    {
        Hook(RegisterKind.Cr, 0, IntroAction.Allowed);
        Assert.Equal(expected, _events.CrWrite(Vcpu, cr, 1, 2, out IntroAction action));
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Equal(expected == IntStatus.Success ? 1 : 0, _asked.Count);
    }

    [Theory]
    [InlineData(IntroAction.Allowed, IntroAction.NotAllowed, IntroAction.NotAllowed)]
    [InlineData(IntroAction.NotAllowed, IntroAction.Allowed, IntroAction.NotAllowed)]
    [InlineData(IntroAction.NotAllowed, IntroAction.Retry, IntroAction.Retry)]
    [InlineData(IntroAction.Allowed, IntroAction.Allowed, IntroAction.Allowed)]
    public void EveryHookOfAControlRegisterIsAskedInOrderAndTheLargestActionWins(
        IntroAction first, IntroAction second, IntroAction expected)
    {
        Hook(RegisterKind.Cr, 4, first);
        Hook(RegisterKind.Cr, 4, second);
        Assert.Equal(IntStatus.Success, _events.CrWrite(Vcpu, 4, 0x10, 0x20, out IntroAction action));
        Assert.Equal(expected, action);
        Assert.Equal([(0, 4U, MsrAccess.Write, 0x10UL, 0x20UL), (1, 4U, MsrAccess.Write, 0x10UL, 0x20UL)], _asked);
    }

    [Fact]
    public void AHookMayBeRemovedFromInsideItsOwnCall()
    {
        Handler handler = Hook(RegisterKind.Cr, 4, IntroAction.NotAllowed);
        handler.OnAsked = () => _hooks.Remove(handler);
        Hook(RegisterKind.Cr, 4, IntroAction.Allowed);
        Assert.Equal(IntStatus.Success, _events.CrWrite(Vcpu, 4, 1, 2, out IntroAction action));
        Assert.Equal(IntroAction.NotAllowed, action);
        Assert.Equal(2, _asked.Count);
        Assert.Equal(IntStatus.Success, _events.CrWrite(Vcpu, 4, 1, 2, out action));
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Equal(3, _asked.Count);
    }

    [Theory]
    [InlineData(0x174U, MsrAccess.Write, true)]
    [InlineData(0x174U, MsrAccess.Read, false)]
    [InlineData(0x175U, MsrAccess.Write, false)]
    public void AModelSpecificRegisterIsFoundByNumberAndKind(uint msr, MsrAccess kind, bool found)
    {
        Hook(RegisterKind.Msr, 0x174, IntroAction.NotAllowed);
        IntStatus status = _events.Msr(Vcpu, msr, kind, 5, 6, out IntroAction action);
        Assert.Equal(found ? (IntStatus.Success, IntroAction.NotAllowed) : (IntStatus.NotFound, IntroAction.Allowed), (status, action));
    }

    [Theory]
    [InlineData(0U, 0UL, 0x7_0000_0003UL)] // XCR0: kept, whatever the verdict
    [InlineData(1U, 0UL, 0UL)]             // another: not XCR0
    public void XsetbvIsAskedWithItsRegistersAndKeptForXcr0Alone(uint xcr, ulong before, ulong after)
    {
        Hook(RegisterKind.Xcr, xcr, IntroAction.NotAllowed);
        Vcpu->Regs.Rcx = 0xFFFF_FFFF_0000_0000 | xcr;
        Vcpu->Regs.Rdx = 0xAAAA_0000_0000_0007;
        Vcpu->Regs.Rax = 0xBBBB_0000_0000_0003;
        Vcpu->PushedMask = VcpuRegisters.Sufficient;
        Assert.Equal(IntStatus.Success, _events.XcrWrite(Vcpu, out IntroAction action));
        Assert.Equal(IntroAction.NotAllowed, action);
        Assert.Equal((0, xcr, MsrAccess.Write, before, 0x7_0000_0003UL), Assert.Single(_asked));
        Assert.Equal(after, Vcpu->Xcr0);
    }

    [Fact]
    public void XsetbvWithoutAHookIsNotFoundAndKept()
    {
        Vcpu->Regs.Rcx = 0;
        Vcpu->Regs.Rdx = 0;
        Vcpu->Regs.Rax = 7;
        Vcpu->PushedMask = VcpuRegisters.Sufficient;
        Assert.Equal(IntStatus.NotFound, _events.XcrWrite(Vcpu, out IntroAction action));
        Assert.Equal((IntroAction.Allowed, 7UL), (action, Vcpu->Xcr0));
    }

    [Fact]
    public void XsetbvWithoutRegistersIsTheGluesStatusAndAllowed()
    {
        Hook(RegisterKind.Xcr, 0, IntroAction.NotAllowed);
        Vcpu->PushedMask = VcpuRegisters.None;
        _host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotReady;
        Assert.Equal(IntStatus.NotReady, _events.XcrWrite(Vcpu, out IntroAction action));
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Empty(_asked);
    }

    private Handler Hook(RegisterKind kind, uint number, IntroAction answer)
    {
        Handler handler = new(this, answer);
        Assert.Equal(IntStatus.Success, _hooks.Set(kind, number, handler));
        return handler;
    }

    private sealed class Handler : IRegisterHookHandler
    {
        private readonly RegisterDecisionTests _owner;
        private readonly IntroAction _answer;
        private readonly int _number;

        public Handler(RegisterDecisionTests owner, IntroAction answer)
        {
            _owner = owner;
            _answer = answer;
            _number = owner._created++;
        }

        public Action? OnAsked { get; set; }

        public IntroAction OnWrite(ref RegisterWrite write)
        {
            _owner._asked.Add((_number, write.Number, write.Access, write.Old, write.New));
            OnAsked?.Invoke();
            return _answer;
        }
    }

    private int _created;
}
