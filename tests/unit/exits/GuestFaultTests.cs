using System;
using Engine;
using Engine.Abi;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Page faults that are injected since nobody would see them otherwise: copy on write, pages that an operand or an instruction
/// goes on in (spec/12, section 1.1).</summary>
public sealed unsafe class GuestFaultTests : IDisposable
{
    private const ulong Linear = 0x7000_0000;
    private const ulong Next = Linear + 0x1000;
    private const ulong Frame = 0x20000;
    private const ulong User = 4;
    private const ulong Writable = 2;
    private const ulong NoExecute = 1UL << 63;
    private const ulong Cr0WriteProtect = 1 << 16;
    private const ulong Cr4Smap = 1 << 21;

    private readonly HookMachine _machine = new(data: false, glue: FakeGlue.Full());
    private readonly ScriptedHandler _handler = new();

    public GuestFaultTests()
    {
        _machine.MapDirectly();
        _machine.Tables.MapRun(Linear, Frame, 2);
        for (int level = 1; level <= 4; level++)
        {
            _machine.Tables.Spoil(Linear, level, set: User | 0x60);
            _machine.Tables.Spoil(Next, level, set: User | 0x60);
        }

        // The code is the user's, too.
        for (int level = 2; level <= 4; level++)
            _machine.Tables.Spoil(HookMachine.DirectMap, level, set: User);
        ushort id = _machine.Hooks.AddHandler(_handler);
        _machine.Hooks.Set(Frame, 0x1000, EptAccess.Write, id, 1);
        _machine.Hooks.Set(Frame, 0x1000, EptAccess.Read, id, 2);
        _machine.Hooks.Set(HookMachine.CodeFrame, 0x1000, EptAccess.Execute, id, 3);
        _machine.Hooks.Commit();
    }

    private FakeInjection[] Injections => [.. _machine.Host.Injections];

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData(3U, true, 6U)]   // absent: user, write
    [InlineData(3U, false, 7U)]  // copy on write: and present
    [InlineData(0U, true, 2U)]
    [InlineData(0U, false, 3U)]  // with CR0.WP
    public void AStoreIntoAPageThatCannotBeWrittenGetsItsFault(uint cpl, bool isAbsent, uint errorCode)
    {
        _machine.Cpl = cpl;
        _machine.Cr0 = Cr0WriteProtect;
        _machine.Tables.Spoil(Next, 1, clear: isAbsent ? 1UL : Writable);
        Assert.Equal(IntroAction.Retry, Store(0xFFC));
        Assert.Equal([new FakeInjection(0, 14, errorCode, Next)], Injections);
        Assert.Empty(_handler.Asked);
    }

    [Fact]
    public void WithoutWriteProtectionTheKernelWritesAnyPage()
    {
        _machine.Tables.Spoil(Next, 1, clear: Writable);
        Assert.Equal(IntroAction.AllowedVirtual, Store(0xFFC));
        Assert.Empty(Injections);
        Assert.Equal((Frame + 0xFFC, 4, 1UL), Assert.Single(_handler.Asked));
    }

    [Fact]
    public void AStoreWithinItsPageHasNone()
    {
        _machine.Cpl = 3;
        _machine.Tables.Spoil(Next, 1, clear: 1);
        Assert.Equal(IntroAction.AllowedVirtual, Store(0xFF8));
        Assert.Empty(Injections);
    }

    [Fact]
    public void TheSourceOfAMoveCounts()
    {
        // movsq from the page that is absent
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0xA5);
        _machine.Cpl = 3;
        _machine.Tables.Spoil(Next, 1, clear: 1);
        Regs.Rsi = Next + 8;
        Regs.Rdi = Linear;
        Assert.Equal(IntroAction.Retry, _machine.Exit(Frame, Linear, EptAccess.Write));
        Assert.Equal([new FakeInjection(0, 14, 4, Next + 8)], Injections);
    }

    [Fact]
    public void AKernelThatMayNotTouchUserPagesGetsItsFault()
    {
        _machine.Cr4 = Cr4Smap;
        Assert.Equal(IntroAction.Retry, Store(0xFFC));
        Assert.Equal([new FakeInjection(0, 14, 3, Next)], Injections);
    }

    [Fact]
    public void AnInstructionThatDoesNotExplainTheExitGetsNoFault()
    {
        // Another vCPU has put it there since.
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x89, 0x37);
        Regs.Rdi = 0x1234_5678_0000;
        Assert.NotEqual(IntroAction.Retry, _machine.Exit(Frame + 8, Linear + 8, EptAccess.Write));
        Assert.Empty(Injections);
        Assert.NotEmpty(_handler.Asked);
    }

    [Fact]
    public void AGlueThatCannotInjectIsSentBackAFewTimes()
    {
        _machine.Host.InjectAnswer = IntStatus.NotSupported;
        _machine.Tables.Spoil(Next, 1, clear: 1);
        for (int i = 0; i < Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Retry, Store(0xFFC));
        Assert.Empty(_handler.Asked);
        Assert.Equal(IntroAction.Allowed, Store(0xFFC));
        Assert.NotEmpty(_handler.Asked);
    }

    [Fact]
    public void OneExceptionIsOutstandingAtATime()
    {
        _machine.Tables.Spoil(Next, 1, clear: 1);
        Assert.Equal(IntroAction.Retry, Store(0xFFC));
        _machine.Injector.OnDelivered(_machine.Vcpus[0], 14, Next);
        Assert.Equal(0, _machine.Vcpus[0]->Exception.Valid);
        Assert.Equal(IntroAction.Retry, Store(0xFFC));
        Assert.Equal(2, Injections.Length);
    }

    [Theory]
    [InlineData(3U, false, 0x14U)]
    [InlineData(0U, false, 0x10U)]
    [InlineData(0U, true, 0x11U)]
    public void AnInstructionThatGoesOnInAnAbsentPageGetsItsFault(uint cpl, bool isPresent, uint errorCode)
    {
        // mov rax, imm64 over the border of a page that is absent, or not executable
        _machine.Cpl = cpl;
        _machine.Rip = Linear + 0xFF9;
        _machine.Ram.WriteBytes(Frame + 0xFF9, 0x48, 0xB8, 1, 2, 3, 4, 5);
        _machine.Tables.Spoil(Next, 1, set: NoExecute, clear: isPresent ? 0UL : 1UL);
        if (isPresent)
        {
            // Its bytes can be read all the same: it is decoded, and the execution judged.
            Assert.Equal(IntroAction.Allowed, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
            Assert.Empty(Injections);
            return;
        }

        Assert.Equal(IntroAction.Retry, _machine.Exit(HookMachine.CodeFrame, EptAccess.Execute));
        Assert.Equal([new FakeInjection(0, 14, errorCode, Next)], Injections);
    }

    [Fact]
    public void AnInstructionWhoseOwnPageIsAbsentIsTriedAgainAFewTimes()
    {
        _machine.Rip = Linear + 0xFF9;
        _machine.Tables.Spoil(Linear, 1, clear: 1);
        for (int i = 0; i < Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Retry, _machine.Exit(Frame, Linear, EptAccess.Write));
        Assert.Empty(_handler.Asked);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Frame, Linear, EptAccess.Write));
        Assert.NotEmpty(_handler.Asked);
        Assert.Empty(Injections);
    }

    private ref IgArchRegs Regs => ref _machine.Vcpus[0]->Regs;

    /// <summary>mov [rdi], rsi at an offset in the hooked page.</summary>
    private IntroAction Store(ulong offset)
    {
        _machine.Ram.WriteBytes(HookMachine.CodeFrame, 0x48, 0x89, 0x37);
        Regs.Rdi = Linear + offset;
        return _machine.Exit(Frame + offset, Linear + offset, EptAccess.Write);
    }
}
