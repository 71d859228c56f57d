using System;
using Engine.Abi;
using Engine.Events;
using Engine.Injection;
using Engine.Sessions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Ends of introspection, with work pending, asked for from inside, and put off.</summary>
public sealed unsafe class GuestEndTests : IDisposable
{
    private const ulong Gate = TestMachine.IdtFrame + 0x430;
    private const ulong Absent = 0x5000_0000;

    private readonly TestMachine _machine = new(vcpus: 2);
    private readonly SwapSink _sink = new();

    public void Dispose() => _machine.Dispose();

    private GuestSession Session => _machine.Engine.Find(_machine.Host.Handle)!;

    [Fact]
    public void AnEndWithAReadAndAnInjectionPendingLeavesNothing()
    {
        Assert.NotEqual(0UL, Read());
        _machine.Regs.Flags |= 0x200;
        Assert.Equal(IntroAction.Allowed, _machine.Store(TestMachine.IdtFrame + 0x800, 1));
        Assert.Equal([new FakeInjection(0, 14, 0, Absent)], _machine.Host.Injections);
        Assert.Equal(1, _machine.Record.Exception.Valid);
        ActiveGuest guest = _machine.Guest;
        Assert.Equal(IntStatus.Success, _machine.Engine.Disable(_machine.Host.Handle));
        Assert.Equal([7UL], _sink.Cancelled);
        Assert.Equal((0, 0, 0), (_machine.Host.WithdrawnFrames, _machine.Host.RegisteredHandler, _machine.Host.InjectionHandler));
        Assert.Equal(IntStatus.NotInitializedHint, guest.Enter(0, VcpuStateKind.EventInjection, IntStatus.InvalidParameter5));
    }

    [Fact]
    public void AnInjectionIsAcknowledgedThroughItsExit()
    {
        Read();
        _machine.Regs.Flags |= 0x200;
        _machine.Store(TestMachine.IdtFrame + 0x800, 1);
        Assert.Equal(0x79, _machine.Host.InjectionHandler);
        _machine.Run(VcpuStateKind.EventInjection, (guest, vcpu) =>
        {
            guest.EventInjection((VcpuState*)vcpu, 13, 0);
            return IntStatus.Success;
        });
        Assert.Equal((0, 1), (_machine.Record.Exception.Valid, _machine.Host.Injections.Count));
        _machine.Store(TestMachine.IdtFrame + 0x800, 1);
        Assert.Equal(2, _machine.Host.Injections.Count);
    }

    [Fact]
    public void AnEndThatIsAskedForInAnExitComesWithItsReturn()
    {
        _machine.Alerts.OnAlert = () => _machine.Guest.End.Ask("a test");
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.FatalError, _machine.Status);
        Assert.Null(Session.Active);
        Assert.Equal((0, 0, 1), (_machine.Host.WithdrawnFrames, _machine.Host.RegisteredHandler, _machine.Host.Deactivations));
        Assert.Equal(IntStatus.Success, _machine.Engine.NewGuest(_machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        _machine.Alerts.OnAlert = null;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
    }

    [Fact]
    public void AnEndThatIsNotPossibleYetIsTriedAgainByTheNextExit()
    {
        ActiveGuest guest = _machine.Guest;
        Assert.Equal(IntStatus.Success, guest.Enter(1, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        guest.End.Ask("a test");
        _machine.Store(TestMachine.IdtFrame + 0x800, 1);
        Assert.Equal((IntStatus.FatalError, 0), (_machine.Status, _machine.Host.Deactivations));
        Assert.NotNull(Session.Active);
        Assert.Equal(IntStatus.FatalError, guest.Leave(1, IntroAction.Allowed));
        Assert.Equal((0, 1), (_machine.Host.WithdrawnFrames, _machine.Host.Deactivations));

        // A late exit of a guest that is gone does nothing to its successor.
        Assert.Equal(IntStatus.Success, _machine.Engine.NewGuest(_machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        Assert.Equal(IntStatus.NotInitializedHint, guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.NotNull(Session.Active);
        Assert.Equal(1, _machine.Host.Deactivations);
    }

    [Fact]
    public void WhatIsInUseInTheGuestPutsAnEndOff()
    {
        Check check = new();
        _machine.Guest.UnloadChecks.Add(check);
        Assert.Equal(IntStatus.CannotUnload, _machine.Engine.Disable(_machine.Host.Handle));
        Assert.Equal((1, true), (check.Calls, check.WasPaused));
        Assert.Equal((_machine.Host.Pauses, 0), (_machine.Host.Resumes, _machine.Host.WithdrawnFrames));

        // Exits go on, and nothing is guarded.
        Assert.Equal(IntroAction.Allowed, _machine.Store(Gate, 1));
        Assert.Equal((IntStatus.Success, 0), (_machine.Status, _machine.Alerts.Count));
        Assert.Equal(IntStatus.NotNeededHint, Session.UpdateOptions(GuestOptions.ProtectIdt));
        Assert.Equal(IntStatus.Busy, _machine.Engine.NewGuest(_machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        Assert.Equal(IntStatus.CannotUnload, _machine.Engine.Disable(_machine.Host.Handle));
        check.May = true;
        Assert.Equal(IntStatus.Success, _machine.Engine.Disable(_machine.Host.Handle));
        Assert.Equal(1, _machine.Host.Deactivations);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SafenessIsIgnoredOnDemandAndInACrash(bool byFlag)
    {
        Check check = new();
        _machine.Guest.UnloadChecks.Add(check);
        if (!byFlag)
            _machine.Guest.End.OnBugCheck(GuestOptions.BugCheckCleanup);
        Assert.Equal(IntStatus.Success, _machine.Engine.Disable(_machine.Host.Handle, ignoreSafeness: byFlag));
        Assert.Equal(0, check.Calls);
    }

    [Fact]
    public void ACrashWithoutItsOptionMeansNothing()
    {
        Assert.Equal(IntStatus.NotNeededHint, _machine.Guest.End.OnBugCheck(GuestOptions.ProtectIdt));
        Assert.False(_machine.Guest.End.IsAsked);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
    }

    [Fact]
    public void AResetCancelsAndStartsOver()
    {
        Read();
        _machine.Guest.End.Ask("a test");
        Assert.Equal(IntStatus.Success, Session.Reset());
        Assert.Equal([7UL], _sink.Cancelled);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.NotEqual(0UL, Read());
    }

    [Fact]
    public void PowerStatesChangeWhatIsInjected()
    {
        _machine.Regs.Flags |= 0x200;
        Read();
        _machine.Store(TestMachine.IdtFrame + 0x800, 1);
        Assert.Equal(IntStatus.NotNeededHint, Session.ChangePowerState(GuestPowerState.Resume));
        Assert.Equal(IntStatus.Success, Session.ChangePowerState(GuestPowerState.Sleep));
        Assert.Equal(IntStatus.PowerStateBlock, Session.UpdateOptions(GuestOptions.None));
        ulong calls = _machine.Guest.TimerJobs.Calls;
        Assert.Equal(IntStatus.Success, _machine.Guest.Timer());
        Assert.Equal(calls, _machine.Guest.TimerJobs.Calls);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));

        // What was to be injected has not survived the sleep, and is asked for again.
        Assert.Equal(IntStatus.Success, Session.ChangePowerState(GuestPowerState.Resume));
        int before = _machine.Host.Injections.Count;
        _machine.Store(TestMachine.IdtFrame + 0x800, 1);
        Assert.Equal(before + 1, _machine.Host.Injections.Count);

        Assert.Equal(IntStatus.Success, Session.ChangePowerState(GuestPowerState.ShutDown));
        Assert.Equal([7UL], _sink.Cancelled);
        Assert.Equal(IntStatus.NotNeededHint, Session.ChangePowerState(GuestPowerState.Sleep));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Success, Session.ChangePowerState(GuestPowerState.Terminating));
        Assert.Equal(IntStatus.NotNeededHint, Session.ChangePowerState(GuestPowerState.ShutDown));
    }

    private ulong Read()
    {
        SwapInRequest request = new()
        {
            Paging = _machine.Tables.Context, Linear = Absent, Length = 8, Handler = _sink, Cookie = 7,
        };
        Assert.Equal(IntStatus.Success, _machine.Guest.SwapMemory.Read(in request, out ulong handle));
        return handle;
    }

    private sealed class Check : IUnloadCheck
    {
        public bool May { get; set; }

        public int Calls { get; private set; }

        public bool WasPaused { get; private set; }

        public bool MayUnload(scoped in PauseScope pause)
        {
            Calls++;
            WasPaused = pause.IsPaused;
            return May;
        }
    }
}
