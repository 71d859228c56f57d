using System;
using System.Threading;
using Engine.Abi;
using Engine.Injection;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Exceptions into the guest: one outstanding a vCPU, and what became of it.</summary>
public sealed unsafe class ExceptionInjectorTests : IDisposable
{
    private readonly InjectionMachine _machine = new();
    private readonly Listener _listener = new();

    public ExceptionInjectorTests() => _machine.Injector.Listener = _listener;

    private VcpuState* Vcpu => _machine.Vcpus[0];

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AnInjectionIsAskedForAndKept()
    {
        VcpuState* vcpu = _machine.Exit();
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(vcpu, 14, 6, 0x7000_1234));
        Assert.Equal([new FakeInjection(0, 14, 6, 0x7000_1234)], _machine.Host.Injections);
        Assert.Equal((1, 14, 6U, 0x7000_1234UL), (vcpu->Exception.Valid, vcpu->Exception.Vector, vcpu->Exception.ErrorCode, vcpu->Exception.Cr2));
        Assert.Equal(IntStatus.AlreadyInitialized, _machine.Injector.Inject(vcpu, 6, 0, 0));
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(1), 6, 0, 0));
        Assert.Equal(2, _machine.Host.Injections.Count);
    }

    [Fact]
    public void WhatTheGlueRefusesIsNotKept()
    {
        VcpuState* vcpu = _machine.Exit();
        _machine.Host.InjectAnswer = IntStatus.NotReady;
        Assert.Equal(IntStatus.NotReady, _machine.Injector.Inject(vcpu, 14, 0, 0));
        Assert.Equal(0, vcpu->Exception.Valid);
        Assert.Equal(IntStatus.InvalidParameter1, _machine.Injector.Inject(vcpu, 32, 0, 0));
        _machine.Injector.Stop(true);
        Assert.Equal(IntStatus.PowerStateBlock, _machine.Injector.Inject(vcpu, 14, 0, 0));
    }

    [Fact]
    public void AGlueThatCannotInjectIsNotAsked()
    {
        using InjectionMachine machine = new(trim: glue => glue with { InjectTrap = null });
        Assert.False(machine.Injector.IsPossible);
        Assert.Equal(IntStatus.NotSupported, machine.Injector.Inject(machine.Exit(), 14, 0, 0));
    }

    [Theory]
    [InlineData(14U, 0x7000_1FFFUL, true)]
    [InlineData(14U, 0x7000_2000UL, false)]
    [InlineData(13U, 0x7000_1234UL, false)]
    [InlineData(236U, 0UL, false)]
    public void WhatWasDeliveredTellsWhatBecameOfIt(uint vector, ulong cr2, bool delivered)
    {
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234, cookie: 99));
        _machine.Deliver(0, vector, cr2);
        Assert.Equal(0, Vcpu->Exception.Valid);
        Assert.Equal((99UL, delivered, 1), (_listener.Cookie, _listener.Delivered, _listener.Calls));
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234));
    }

    [Fact]
    public void WhatNobodyAskedForMeansNothing()
    {
        _machine.Deliver(0, 14, 0x7000_1234);
        Assert.Equal(0, _listener.Calls);
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234));
        _machine.Deliver(0, 14, 0x7000_1234);
        _machine.Deliver(0, 14, 0x9999_9999);
        Assert.Equal(0, _listener.Calls);
    }

    [Fact]
    public void AVcpuThatIsStillWhereItWasHasLostIt()
    {
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234, cookie: 5));
        VcpuState* vcpu = _machine.Exit(moved: false);
        Assert.True(_machine.Injector.IsFree(vcpu));
        Assert.Equal((5UL, false, 0), (_listener.Cookie, _listener.Delivered, vcpu->Exception.Valid));
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(vcpu, 14, 4, 0x7000_1234));
    }

    [Fact]
    public void AVcpuThatHasMovedIsWaitedForWhereTheGlueTells()
    {
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234, cookie: 5));
        Assert.False(_machine.Injector.IsFree(_machine.Exit()));
        Assert.Equal(IntStatus.AlreadyInitialized, _machine.Injector.Inject(_machine.Exit(), 6, 0, 0));
        Thread.Sleep(global::Engine.Limits.InjectionLostMilliseconds + 50);
        Assert.True(_machine.Injector.IsFree(_machine.Exit()));
        Assert.Equal((1, false), (_listener.Calls, _listener.Delivered));
    }

    [Fact]
    public void AVcpuThatHasMovedHasGotItWhereTheGlueTellsNothing()
    {
        using InjectionMachine machine = new(trim: glue => glue with { RegisterEventInjectionHandler = null });
        machine.Injector.Listener = _listener;
        Assert.Equal(IntStatus.Success, machine.Injector.Inject(machine.Exit(), 14, 4, 0x7000_1234, cookie: 5));
        Assert.True(machine.Injector.IsFree(machine.Exit()));
        Assert.Equal((1, true), (_listener.Calls, _listener.Delivered));
    }

    [Fact]
    public void AResetLosesWhatIsOutstanding()
    {
        VcpuState* vcpu = _machine.Exit();
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(vcpu, 14, 4, 0x7000_1234, cookie: 5));
        _machine.Injector.ForgetAll();
        Assert.True(_machine.Injector.IsFree(vcpu));
        Assert.Equal((1, false), (_listener.Calls, _listener.Delivered));
    }

    [Fact]
    public void RegistersThatCannotBeHadKeepItOutstanding()
    {
        Assert.Equal(IntStatus.Success, _machine.Injector.Inject(_machine.Exit(), 14, 4, 0x7000_1234));
        _machine.Host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.NotReady;
        Assert.False(_machine.Injector.IsFree(_machine.Exit(moved: false)));
    }

    [Fact]
    public void ADenialThatIsRepeatedIsKnown()
    {
        VcpuState* vcpu = Denied();
        Assert.Equal(IntStatus.Success, _machine.Injector.InjectInvalidOpcode(vcpu, 0x77));
        ulong id = vcpu->CurrentUD;
        Assert.NotEqual(0UL, id);

        // An interrupt came first: the same instruction is denied again, and not reported again.
        _machine.Deliver(0, 236, 0);
        Assert.Equal(0UL, vcpu->CurrentUD);
        Assert.True(_machine.Uds.Contains(vcpu->Regs.Cr3, vcpu->Regs.Rip, 0x77));
        _machine.Host.Regs[0].Rip = 0x5000;
        vcpu = Denied();
        Assert.Equal(IntStatus.AlreadyInitializedHint, _machine.Injector.InjectInvalidOpcode(vcpu, 0x77));
        Assert.Equal(id, vcpu->CurrentUD);

        _machine.Deliver(0, InjectionMachine.InvalidOpcode, 0);
        Assert.False(_machine.Uds.Contains(vcpu->Regs.Cr3, 0x5000, 0x77));
        Assert.Equal(0UL, vcpu->CurrentUD);
    }

    [Fact]
    public void AnInjectionAllocatesNothing()
    {
        _machine.Host.InjectAnswer = IntStatus.NotNeededHint;
        for (int i = 0; i < 3; i++)
            Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Round();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 * 64 * 2);

        void Round()
        {
            _machine.Injector.InjectInvalidOpcode(Denied(), 0x77);
            _machine.Deliver(0, 14, 0);
        }
    }

    private VcpuState* Denied()
    {
        _machine.Host.Regs[0].Rip = 0x5000;
        VcpuState* vcpu = _machine.Exit(moved: false);
        _machine.Registers.Get(vcpu, out _);
        return vcpu;
    }

    private sealed class Listener : IInjectionListener
    {
        public ulong Cookie { get; private set; }

        public bool Delivered { get; private set; }

        public int Calls { get; private set; }

        public void OnInjectionSettled(ulong cookie, bool delivered) => (Cookie, Delivered, Calls) = (cookie, delivered, Calls + 1);
    }
}
