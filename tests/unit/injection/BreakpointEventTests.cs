using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Events;
using Engine.Instructions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>INT3 and VMCALL of what the engine has put into the guest, and of the guest itself.</summary>
public sealed unsafe class BreakpointEventTests : IDisposable
{
    private readonly TestMachine _machine = new(GuestOptions.None, flags: GuestConfigFlags.AppliesDirtyMask);
    private readonly List<string> _calls = [];

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void WithoutAnythingInTheGuestItIsTheGuests()
    {
        _machine.Code(0x90);
        Assert.Equal(IntStatus.NotFound, Breakpoint());
        Assert.All(_machine.Host.Queries.AsSpan(7).ToArray(), count => Assert.Equal(0, count));
        Assert.Equal(IntStatus.NotFound, IntroCall());
        Assert.Equal((0, 0), (_machine.Host.BreakpointHandler, _machine.Host.IntroCallHandler));
    }

    [Fact]
    public void TheFirstWhoKnowsItCountsAndRipGoesPastIt()
    {
        _machine.Code(0xCC);
        Add("filter", IntStatus.Success, InstrumentationPlace.PageTableFilterBreakpoint);
        Add("agents", IntStatus.Success, InstrumentationPlace.Agents);
        Add("detours", IntStatus.NotFound, InstrumentationPlace.Detours);
        Assert.Equal(BreakpointAddress, _machine.Host.BreakpointHandler);
        Assert.Equal(IntStatus.Success, Breakpoint());
        Assert.Equal(["detours", "agents"], _calls);
        Assert.Equal((TestMachine.CodeLinear + 1, VcpuRegisters.Rip), (_machine.Record.Regs.Rip, _machine.Record.DirtyMask));
    }

    [Fact]
    public void RipStaysWhereAHandlerSaysSo()
    {
        _machine.Code(0xCC);
        Add("detours", IntStatus.NoDetourEmu, InstrumentationPlace.Detours);
        Assert.Equal(IntStatus.Success, Breakpoint());
        Assert.Equal((TestMachine.CodeLinear, VcpuRegisters.None), (_machine.Record.Regs.Rip, _machine.Record.DirtyMask));
    }

    [Theory]
    [InlineData(new byte[] { 0xCC }, IntStatus.NotFound)]
    [InlineData(new byte[] { 0xCD, 0x03 }, IntStatus.NotFound)]
    [InlineData(new byte[] { 0xCD, 0x04 }, IntStatus.Success)]
    [InlineData(new byte[] { 0x90 }, IntStatus.Success)]
    public void WhatAnotherVcpuHasTakenAwayIsExecutedAgain(byte[] code, IntStatus expected)
    {
        Handler handler = Add("detours", IntStatus.InvalidInternalState, InstrumentationPlace.Detours);
        _machine.Guest.Breakpoints.Remove(handler);
        Assert.Equal(0, _machine.Host.BreakpointHandler);
        _machine.Code(code);
        Assert.Equal(expected, Breakpoint());
        Assert.Equal((0, TestMachine.CodeLinear), (_calls.Count, _machine.Record.Regs.Rip));
    }

    [Fact]
    public void CodeThatCannotBeReadIsTheGuests()
    {
        Add("detours", IntStatus.NotFound, InstrumentationPlace.Detours);
        _machine.Regs.Rip = 0x1234_5000;
        Assert.Equal(IntStatus.NotFound, Breakpoint());
    }

    [Fact]
    public void AHandlerThatCannotBeRegisteredIsNotThere()
    {
        _machine.Host.RegisterAnswer = IntStatus.NotSupported;
        Assert.Equal(IntStatus.NotSupported, _machine.Guest.Breakpoints.Add(new Handler("x", _calls, IntStatus.Success), 0));
        Assert.True(_machine.Guest.Breakpoints.Handlers.IsEmpty);
    }

    [Theory]
    [InlineData(IntStatus.NotFound, IntStatus.NotFound)]
    [InlineData(IntStatus.Success, IntStatus.Success)]
    [InlineData(IntStatus.DisableDetourOnRet, IntStatus.Success)]
    [InlineData(IntStatus.InvalidInternalState, IntStatus.NotFound)]
    public void AHypercallIsWhoseItIs(IntStatus answer, IntStatus expected)
    {
        Handler handler = new("call", _calls, answer);
        Assert.Equal(IntStatus.Success, _machine.Guest.IntroCalls.Add(handler, (int)InstrumentationPlace.Detours));
        Assert.Equal(IntroCallAddress, _machine.Host.IntroCallHandler);
        Assert.Equal(expected, IntroCall());
        Assert.Equal((TestMachine.CodeLinear, 1), (_machine.Record.Regs.Rip, _calls.Count));
        _machine.Guest.IntroCalls.Remove(handler);
        Assert.Equal(0, _machine.Host.IntroCallHandler);
    }

    [Theory]
    [InlineData(IntStatus.Success, IntStatus.Success)]
    [InlineData(IntStatus.NotFound, IntStatus.NotFound)]
    public void AHypercallThatStandsForAnAccessIsDispatchedAsOne(IntStatus raised, IntStatus expected)
    {
        Handler first = new("first", _calls, IntStatus.RaiseEpt) { OnRaise = raised };
        _machine.Guest.IntroCalls.Add(new Handler("second", _calls, IntStatus.Success), (int)InstrumentationPlace.Agents);
        _machine.Guest.IntroCalls.Add(first, (int)InstrumentationPlace.VeAgent);
        Assert.Equal(expected, IntroCall());
        Assert.Equal(["first", "raise EptViolation"], _calls);
    }

    [Fact]
    public void AnExitThatFindsACrashLetsTheGuestGo()
    {
        _machine.Code(0xCC);
        Handler handler = Add("crash", IntStatus.NoDetourEmu, InstrumentationPlace.Detours);
        handler.OnCall = () => Assert.Equal(
            IntStatus.RemoveDetourAndSetRip, _machine.Guest.End.OnBugCheck(GuestOptions.BugCheckCleanup));
        Assert.Equal(IntStatus.UninitBugcheck, Breakpoint());
        Assert.Null(_machine.Engine.Find(_machine.Host.Handle)!.Active);
        Assert.Equal((1, 0), (_machine.Host.Deactivations, _machine.Host.BreakpointHandler));
    }

    private const nint BreakpointAddress = 0x77;
    private const nint IntroCallAddress = 0x78;

    private Handler Add(string name, IntStatus answer, InstrumentationPlace place)
    {
        Handler handler = new(name, _calls, answer);
        Assert.Equal(IntStatus.Success, _machine.Guest.Breakpoints.Add(handler, (int)place));
        return handler;
    }

    private IntStatus Breakpoint() =>
        _machine.Run(VcpuStateKind.Breakpoint, (guest, vcpu) => guest.Breakpoint((VcpuState*)vcpu));

    private IntStatus IntroCall() =>
        _machine.Run(VcpuStateKind.Vmcall, (guest, vcpu) => guest.IntroCall((VcpuState*)vcpu));

    private sealed class Handler(string name, List<string> calls, IntStatus answer) : IBreakpointHandler, IIntroCallHandler
    {
        public IntStatus OnRaise { get; init; }

        public Action? OnCall { get; set; }

        public IntStatus OnBreakpoint(VcpuState* vcpu, InstructionUnit unit) => OnIntroCall(vcpu, unit);

        public IntStatus OnIntroCall(VcpuState* vcpu, InstructionUnit unit)
        {
            calls.Add(name);
            OnCall?.Invoke();
            return answer;
        }

        public IntStatus Raise(VcpuState* vcpu, InstructionUnit unit)
        {
            calls.Add($"raise {vcpu->State}");
            return OnRaise;
        }
    }
}
