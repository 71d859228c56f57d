using System;
using System.Collections.Generic;
using Engine;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Linear;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Hooks on linear addresses follow their pages.</summary>
public sealed class LinearHooksTests : IDisposable, IFrameHookHandler, ILinearHookListener
{
    private const ulong Linear = 0xFFFF_8000_1234_5000;
    private const ulong Old = 0x5000;
    private const ulong New = 0x9000;
    private const ulong Flags = PageTables.Present | PageTables.Writable;

    private readonly HookMachine _machine = new(vcpus: 2);
    private readonly List<(ulong Gpa, ulong Cookie)> _asked = [];
    private readonly List<LinearHookMove> _moves = [];
    private readonly ushort _handler;
    private readonly ushort _listener;
    private IntroAction _verdict = IntroAction.NotAllowed;
    private Action? _inside;

    public LinearHooksTests()
    {
        _handler = _machine.Hooks.AddHandler(this);
        _listener = _machine.Linear.AddListener(this);
        _machine.Tables.Map(Linear, Old);
        _machine.Tables.Map(Linear + 0x1000, Old + 0x1000);
    }

    private ulong Entry => _machine.Tables.EntryAddress(Linear, 1);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void ARemappedPageIsGuardedBeforeTheGuestCanUseItAndTheOldOneUntilItCannot()
    {
        Set();
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x10, 1));
        Assert.Equal(IntroAction.Allowed, _machine.Store(Old + 0x110, 1));
        Assert.Equal(IntroAction.Allowed, _machine.Judge(Entry, New | Flags));
        Assert.Equal((EptAccess.Write, EptAccess.Write), (_machine.Host.Withdrawn(Old), _machine.Host.Withdrawn(New)));
        _machine.Ram.Write(Entry, New | Flags);
        _machine.Store(0x20000, 1);
        Assert.Equal((EptAccess.None, EptAccess.Write), (_machine.Host.Withdrawn(Old), _machine.Host.Withdrawn(New)));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(New + 0x10, 1));
        Assert.Equal(IntroAction.Allowed, _machine.Store(Old + 0x10, 1));
        Assert.Equal([(Old + 0x10, 7UL), (New + 0x10, 7UL)], _asked);
    }

    [Fact]
    public void AnAbsentPageIsHookedWhenItComesAndReleasedWhenItGoes()
    {
        _machine.Ram.Write(Entry, 0UL);
        ulong hook = Set();
        Assert.False(_machine.Linear.TryFindPlace(hook, out _));
        Assert.Equal(EptAccess.None, _machine.Host.Withdrawn(Old));
        _machine.Store(Entry, New | Flags);
        Assert.True(_machine.Linear.TryFindPlace(hook, out ulong place));
        Assert.Equal(New + 0x10, place);
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(New));
        _machine.Store(Entry, 0UL);
        _machine.Store(0x20000, 1);
        Assert.Equal(EptAccess.None, _machine.Host.Withdrawn(New));
        Assert.False(_machine.Linear.TryFindPlace(hook, out _));
    }

    [Fact]
    public void AStoreThatIsBlockedLeavesTheHookWhereItIs()
    {
        Set();
        _machine.Hooks.Set(Entry, 8, EptAccess.Write, _handler, 99);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Entry, New | Flags));
        Assert.Equal((EptAccess.Write, EptAccess.None), (_machine.Host.Withdrawn(Old), _machine.Host.Withdrawn(New)));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x10, 1));
    }

    [Fact]
    public void ALargePageThatIsSplitIsFollowed()
    {
        const ulong Large = 0xFFFF_8000_4000_0000;
        _machine.Tables.Map(Large, 0x0, leafLevel: 2);
        _machine.Linear.Set(
            _machine.Tables.Context, Large + 0x7020, 8, EptAccess.Write, _handler, 3, LinearHookFlags.None, 0, out ulong hook);
        Assert.True(_machine.Linear.TryFindPlace(hook, out ulong place));
        Assert.Equal(0x7020UL, place);

        // A table of the same pages but one.
        const ulong Table = 0x6_0000;
        for (ulong i = 0; i < 512; i++)
            _machine.Ram.Write(Table + (i * 8), (i << 12) | Flags);
        _machine.Ram.Write(Table + (7 * 8), New | Flags);
        ulong entry = _machine.Tables.EntryAddress(Large, 2);
        Assert.Equal(IntroAction.Allowed, _machine.Store(entry, Table | Flags));
        _machine.Store(0x20000, 1);
        Assert.True(_machine.Linear.TryFindPlace(hook, out place));
        Assert.Equal(New + 0x20, place);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(New + 0x20, 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void APageThatComesBackWithOtherBytesIsAskedAbout(bool changed)
    {
        _machine.Ram.WriteBytes(Old + 0x10, 1, 2, 3, 4);
        _machine.Ram.WriteBytes(New + 0x10, 1, 2, 3, 4);
        Set(LinearHookFlags.Integrity);
        _machine.Store(Entry, 0UL);
        _machine.Store(0x20000, 1);
        if (changed)
            _machine.Ram.WriteBytes(New + 0x12, 0);
        IntroAction action = _machine.Store(Entry, New | Flags);
        Assert.Equal(changed ? IntroAction.NotAllowed : IntroAction.Allowed, action);
        Assert.Equal(changed ? 1 : 0, _moves.Count);
        if (changed)
            Assert.Equal((7UL, Linear + 0x10, 0x20, New + 0x10), (_moves[0].Cookie, _moves[0].Linear, _moves[0].Length, _moves[0].Place));
        _machine.Hooks.Commit();
        Assert.Equal(changed ? EptAccess.None : EptAccess.Write, _machine.Host.Withdrawn(New));
    }

    [Fact]
    public void TwoHooksThatAreAlikeAndMeetOnAFrameAreRemovedOneByOne()
    {
        _machine.Tables.Map(Linear + 0x1000, Old);
        ulong first = Set(), second = Set(linear: Linear + 0x1010);
        Assert.True(_machine.Linear.Remove(first));
        _machine.Hooks.Commit();
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x10, 1));
        Assert.True(_machine.Linear.Remove(second));
        Assert.False(_machine.Linear.Remove(second));
        _machine.Hooks.Commit();
        Assert.Equal((0, 0, 0, 0), (
            _machine.Host.WithdrawnFrames, _machine.Hooks.Map.Count, _machine.Linear.Count, _machine.Translations.Count));
    }

    [Fact]
    public void AHookMayRemoveItselfAndSetOthersInsideItsCallback()
    {
        ulong hook = Set();
        ulong other = 0;
        _inside = () =>
        {
            Assert.True(_machine.Linear.Remove(hook));
            other = Set(linear: Linear + 0x1010, commit: false);
        };
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x10, 1));
        _inside = null;
        Assert.Equal((EptAccess.None, EptAccess.Write), (_machine.Host.Withdrawn(Old), _machine.Host.Withdrawn(Old + 0x1000)));
        Assert.Equal(IntroAction.Allowed, _machine.Store(Old + 0x10, 1));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x1010, 1));
        Assert.True(_machine.Linear.Remove(other));
    }

    [Fact]
    public void OneThatEndsWhileItsPageLeavesLeavesNothingBehind()
    {
        ulong hook = Set();
        ulong second = Set(linear: Linear + 0x1010);
        _machine.Judge(Entry, New | Flags);
        _machine.Judge(Entry + 8, (New + 0x1000) | Flags, vcpu: 1);
        Assert.True(_machine.Linear.Remove(hook));
        Assert.True(_machine.Linear.Remove(second));
        _machine.Store(0x20000, 1);
        _machine.Store(0x20000, 1, vcpu: 1);
        Assert.Equal((0, 0), (_machine.Host.WithdrawnFrames, _machine.Hooks.Map.Count));
    }

    [Fact]
    public void ExitsAllocateNothing()
    {
        // Rights stay as they are: the hypervisor of the tests keeps a journal of them.
        _verdict = IntroAction.Allowed;
        _machine.Hooks.Set(Old + 0x800, 8, EptAccess.Write, _handler, 1);
        _machine.Hooks.Set(New + 0x800, 8, EptAccess.Write, _handler, 2);
        Set(LinearHookFlags.Integrity);
        Run(500);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(5000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                _machine.Store(Entry, ((i & 1) != 0 ? New : Old) | Flags);
                _machine.Store(Entry, ((i & 1) != 0 ? New : Old) | Flags | 0x60);
                _machine.Store(Entry, 0UL);
                _machine.Store(((i & 1) != 0 ? New : Old) + 0x200, 1);
            }
        }
    }

    [Fact]
    public void WhatCannotBeHookedChangesNothing()
    {
        PagingContext paging = _machine.Tables.Context;
        Assert.Equal(IntStatus.NotSupported, TrySet(in paging, Linear + 0xFF0, 0x20, EptAccess.Write));
        Assert.Equal(IntStatus.InvalidParameter3, TrySet(in paging, Linear, 8, EptAccess.Read | EptAccess.Write));
        Assert.Equal(IntStatus.InvalidParameter2, TrySet(in paging, 0x8000_0000_0000_0000, 8, EptAccess.Write));
        Assert.Equal((0, 0, 0), (_machine.Linear.Count, _machine.Translations.Count, _machine.Hooks.Map.Count));
    }

    [Fact]
    public void AnObjectIsHookedFoundAndLetGoAsAWhole()
    {
        HookedObject guarded = new(_machine.Linear, _machine.Hooks, _machine.Tables.Context);
        int flushes = _machine.Host.Flushes;
        Assert.Equal(IntStatus.Success, guarded.HookRegion(
            Linear + 0x800, 0x1000, EptAccess.Write, _handler, 40, LinearHookFlags.None, 0, out HookedRegion? region));
        Assert.Equal(2, region!.Hooks.Length);
        Assert.Equal(IntStatus.Success, guarded.HookRegion(
            Linear, 0x10, EptAccess.Execute, _handler, 50, LinearHookFlags.None, 0, out HookedRegion? code));
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Old + 0x1100, 1));
        Assert.Equal([(Old + 0x1100, 41UL)], _asked);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Old + 0x1800, 1));
        Assert.Same(region, guarded.FindRegion(Linear + 0x17FF, EptAccess.Write));
        Assert.Same(code, guarded.FindRegion(Linear, EptAccess.Execute | EptAccess.Write));
        Assert.Null(guarded.FindRegion(Linear + 0x1800, EptAccess.Write));
        Assert.Null(guarded.FindRegion(Linear, EptAccess.Write));
        Assert.True(guarded.RemoveRegion(code!));
        Assert.False(guarded.RemoveRegion(code!));
        guarded.Destroy();
        _machine.Hooks.Commit();
        Assert.Equal((0, 0, 0), (_machine.Host.WithdrawnFrames, _machine.Linear.Count, guarded.Regions.Length));
        Assert.NotEqual(flushes, _machine.Host.Flushes);
        Assert.Equal(IntStatus.InvalidParameter2, guarded.HookRegion(
            Linear, Limits.MaxRegionLength + 1, EptAccess.Write, _handler, 0, LinearHookFlags.None, 0, out _));
    }

    IntroAction IFrameHookHandler.OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        _asked.Add((access.Gpa, hook.Cookie));
        _inside?.Invoke();
        return _verdict;
    }

    IntroAction ILinearHookListener.OnOtherBytes(ref FrameAccess access, in LinearHookMove move)
    {
        _moves.Add(move);
        return _verdict;
    }

    private ulong Set(LinearHookFlags flags = LinearHookFlags.None, ulong linear = Linear + 0x10, bool commit = true)
    {
        Assert.Equal(IntStatus.Success, _machine.Linear.Set(
            _machine.Tables.Context, linear, 0x20, EptAccess.Write, _handler, 7, flags, _listener, out ulong hook));
        if (commit)
            Assert.Equal(IntStatus.Success, _machine.Hooks.Commit());
        return hook;
    }

    private IntStatus TrySet(in PagingContext paging, ulong linear, int length, EptAccess access) =>
        _machine.Linear.Set(in paging, linear, length, access, _handler, 7, LinearHookFlags.None, 0, out _);
}
