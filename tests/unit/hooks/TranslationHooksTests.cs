using System;
using System.Linq;
using Engine.Abi;
using Engine.Hooks.Translations;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Changes of watched translations are judged before they land, and the hooks follow the tables.</summary>
public sealed class TranslationHooksTests : IDisposable
{
    private const ulong Linear = 0xFFFF_8000_1234_5000;
    private const ulong Old = 0x5000;
    private const ulong New = 0x9000;
    private const ulong Flags = PageTables.Present | PageTables.Writable;

    private readonly HookMachine _machine = new();
    private readonly RecordingWatcher _watcher = new();
    private readonly ushort _handler;

    public TranslationHooksTests()
    {
        _handler = _machine.Translations.AddHandler(_watcher);
        _machine.Tables.Map(Linear, Old);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void EveryTableOnTheWayIsHookedAndNobodyIsCalled()
    {
        ulong watch = Watch(Linear);
        for (int level = 1; level <= 4; level++)
            Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(Entry(level) & ~0xFFFUL));
        Assert.Equal(4, _machine.Host.WithdrawnFrames);
        Assert.True(_machine.Translations.TryGet(watch, out PageTranslation now));
        Assert.Equal((Old, 4096UL, TranslationFlags.Present | TranslationFlags.Writable), (now.Physical, now.Size, now.Flags));
        Assert.Empty(_watcher.Asked);
    }

    [Fact]
    public void EndingTheLastWatchGivesAllRightsBack()
    {
        ulong first = Watch(Linear), second = Watch(Linear), third = Watch(Linear + 0x1000);
        Assert.True(_machine.Translations.Unwatch(first));
        Assert.False(_machine.Translations.Unwatch(first));
        Assert.True(_machine.Translations.Unwatch(third));
        _machine.Hooks.Commit();
        Assert.Equal(4, _machine.Host.WithdrawnFrames);
        Assert.True(_machine.Translations.Unwatch(second));
        _machine.Hooks.Commit();
        Assert.Equal(0, _machine.Host.WithdrawnFrames);
        Assert.Equal(0, _machine.Hooks.Map.Count);
        Assert.Equal(0, _machine.Translations.Count);
        Assert.False(_machine.Translations.TryGet(second, out _));
    }

    [Fact]
    public void ARemappedPageIsAskedAboutAndTold()
    {
        Assert.False(_machine.NeedsTimer);
        ulong watch = Watch(Linear, cookie: 77);
        Assert.True(_machine.NeedsTimer);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), New | Flags));
        TranslationChange asked = Assert.Single(_watcher.Asked);
        Assert.Equal((77UL, watch, Linear, _machine.Tables.Root), (asked.Cookie, asked.Watch, asked.Linear, asked.Root));
        Assert.Equal((Old, New), (asked.Old.Physical, asked.New.Physical));
        Assert.Equal((Old | Flags, New | Flags), (asked.Old.Entry, asked.New.Entry));
        Assert.False(asked.IsObserved);
        Assert.Equal(asked, Assert.Single(_watcher.Changed));
        Assert.Empty(_watcher.Dropped);
        Assert.Equal(New, Physical(watch));
        Assert.Empty(_watcher.Settled);

        // At the next exit, of whatever, the store has landed.
        _machine.Store(0x20000, 1);
        Assert.Equal([0U], _watcher.Settled);
        Assert.Single(_watcher.Asked);
    }

    [Theory]
    [InlineData(IntroAction.NotAllowed)]
    [InlineData(IntroAction.Retry)]
    public void WhatIsBlockedDoesNotLandAndChangesNothing(IntroAction verdict)
    {
        ulong watch = Watch(Linear);
        _watcher.Verdict = verdict;
        Assert.Equal(verdict, _machine.Store(Entry(1), New | Flags));
        Assert.Equal(Old | Flags, _machine.Ram.Read<ulong>(Entry(1)));
        Assert.Equal(Old, Physical(watch));
        Assert.Empty(_watcher.Changed);
        Assert.Single(_watcher.Dropped);

        _watcher.Verdict = IntroAction.Allowed;
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), New | Flags));
        Assert.Equal(Old, _watcher.Changed[0].Old.Physical);
    }

    [Fact]
    public void AnotherHookOnTheTableMayBlockTheStore()
    {
        ulong watch = Watch(Linear);
        ushort other = _machine.Hooks.AddHandler(new FixedVerdict(IntroAction.NotAllowed));
        _machine.Hooks.Set(Entry(1), 8, EptAccess.Write, other, 1);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Entry(1), New | Flags));
        Assert.Single(_watcher.Asked);
        Assert.Single(_watcher.Dropped);
        Assert.Equal(Old, Physical(watch));
    }

    [Theory]
    [InlineData(0x20UL)]
    [InlineData(0x60UL)]
    [InlineData(0xE00UL)]
    [InlineData(0x118UL)]
    [InlineData(0x07F0_0000_0000_0000UL)]
    public void AccessedDirtyAndIgnoredBitsAreNobodysBusiness(ulong bits)
    {
        Watch(Linear);
        for (int level = 1; level <= 4; level++)
        {
            ulong entry = _machine.Ram.Read<ulong>(Entry(level));
            Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(level), entry | bits));
            Assert.Equal(entry | bits, _machine.Ram.Read<ulong>(Entry(level)));
        }

        Assert.Empty(_watcher.Asked);
        Assert.Empty(_watcher.Changed);
    }

    [Theory]
    [InlineData(1, 2UL)]
    [InlineData(1, 4UL)]
    [InlineData(2, 2UL)]
    [InlineData(4, 2UL)]
    public void RightsOfEveryLevelCount(int level, ulong bit)
    {
        TranslationFlags expected = TranslationFlags.Present | (bit == 4 ? TranslationFlags.Writable : TranslationFlags.None);
        ulong watch = Watch(Linear);
        ulong entry = _machine.Ram.Read<ulong>(Entry(level));
        _machine.Store(Entry(level), entry ^ bit);
        if (bit == 4)
        {
            // U/S in one level alone gives nobody anything.
            Assert.Empty(_watcher.Changed);
            for (int other = 2; other <= 4; other++)
                _machine.Store(Entry(other), _machine.Ram.Read<ulong>(Entry(other)) | 4);
            Assert.Equal(expected | TranslationFlags.User, Assert.Single(_watcher.Changed).New.Flags);
            return;
        }

        Assert.Equal(expected, Assert.Single(_watcher.Changed).New.Flags);
        Assert.Equal(expected, Current(watch).Flags);
        _machine.Store(Entry(level), entry);
        Assert.Equal(2, _watcher.Changed.Count);
        Assert.Equal(TranslationFlags.Present | TranslationFlags.Writable, Current(watch).Flags);
    }

    [Fact]
    public void NoExecuteIsReportedToThoseWhoWantIt()
    {
        Watch(Linear);
        RecordingWatcher other = new();
        ushort index = _machine.Translations.AddHandler(other);
        Watch(Linear, index, TranslationWatchFlags.NoExecute);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), Old | Flags | PageTables.NoExecute));
        Assert.Empty(_watcher.Asked);
        Assert.Equal(TranslationFlags.NoExecute, Assert.Single(other.Changed).New.Flags & TranslationFlags.NoExecute);

        // Nothing is left that would make the same entry count again.
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), Old | Flags | PageTables.NoExecute | 0x20));
        Assert.Single(other.Asked);
        Assert.Empty(_watcher.Changed);
    }

    [Fact]
    public void APageThatIsNotThereIsFollowedIn()
    {
        const ulong Absent = 0xFFFF_9000_0000_0000;
        ulong watch = Watch(Absent);
        Assert.False(Current(watch).IsPresent);
        ulong root = Entry(4, Absent);
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(root & ~0xFFFUL));
        Assert.Equal(1, _machine.Host.WithdrawnFrames);

        // Tables of their own, filled before they are put in place.
        const ulong Level3 = 0x40000, Level2 = 0x41000, Level1 = 0x42000;
        _machine.Ram.Write(Level3, Level2 | Flags);
        _machine.Ram.Write(Level2, Level1 | Flags);
        _machine.Ram.Write(Level1, New | Flags);
        Assert.Equal(IntroAction.Allowed, _machine.Store(root, Level3 | Flags));
        Assert.Equal(New, Assert.Single(_watcher.Changed).New.Physical);
        Assert.False(_watcher.Changed[0].Old.IsPresent);
        foreach (ulong table in new[] { Level3, Level2, Level1 })
            Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(table));

        Assert.Equal(IntroAction.Allowed, _machine.Store(Level1, 0x1234_0000UL));
        Assert.False(Current(watch).IsPresent);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Level1, Old | Flags));
        Assert.Equal(Old, Physical(watch));
        Assert.Equal(IntroAction.Allowed, _machine.Store(root, 0));
        Assert.False(Current(watch).IsPresent);
        Assert.Equal(1, _machine.Host.WithdrawnFrames);
        Assert.Equal(4, _watcher.Changed.Count);
    }

    [Fact]
    public void NewTablesAreHookedBeforeTheyAreRead()
    {
        // Another vCPU changes the new table until the very moment at which it is protected.
        Watch(Linear);
        const ulong Table = 0x40000;
        ulong index = Entry(1) & 0xFFF;
        _machine.Ram.Write(Table + index, Old | Flags);
        _machine.Host.OnSetRights = gpa =>
        {
            if (gpa == Table)
                _machine.Ram.Write(Table + index, New | Flags);
        };
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(2), Table | Flags));
        Assert.Equal(New, Assert.Single(_watcher.Asked).New.Physical);
    }

    [Fact]
    public void ABlockedTableIsReleased()
    {
        ulong watch = Watch(Linear);
        const ulong Table = 0x40000;
        ulong target = Entry(2), before = _machine.Ram.Read<ulong>(target);
        _machine.Ram.Write(Table + (Entry(1) & 0xFFF), New | Flags);
        _watcher.Verdict = IntroAction.NotAllowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(target, Table | Flags));
        Assert.Equal(before, _machine.Ram.Read<ulong>(target));
        Assert.Equal(EptAccess.None, _machine.Host.Withdrawn(Table));
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(Entry(1) & ~0xFFFUL));
        _watcher.Verdict = IntroAction.Allowed;
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), New | Flags));
        Assert.Equal(New, Physical(watch));
    }

    [Fact]
    public void ALargePageIsSplitAndMerged()
    {
        const ulong Large = 0x20_0000, Table = 0x40000;
        using HookMachine machine = new(pages: 2048);
        machine.Tables.Map(Linear & ~0x1F_FFFFUL, Large, leafLevel: 2);
        ushort handler = machine.Translations.AddHandler(_watcher);
        Assert.Equal(
            IntStatus.Success,
            machine.Translations.Watch(machine.Tables.Context, Linear, handler, 1, TranslationWatchFlags.None, out ulong watch));
        Assert.True(machine.Translations.TryGet(watch, out PageTranslation now));
        ulong offset = Linear & 0x1F_FFFF;
        Assert.Equal((Large + offset, 0x20_0000UL), (now.Physical, now.Size));

        for (ulong i = 0; i < 512; i++)
            machine.Ram.Write(Table + (i * 8), (Large + (i << 12)) | Flags);
        ulong directory = machine.Tables.EntryAddress(Linear, 2);
        ulong large = machine.Ram.Read<ulong>(directory);
        Assert.Equal(IntroAction.Allowed, machine.Store(directory, Table | Flags));
        TranslationChange split = Assert.Single(_watcher.Changed);
        Assert.Equal((0x20_0000UL, 4096UL), (split.Old.Size, split.New.Size));
        Assert.Equal((Large + offset, Large + offset), (split.Old.Physical, split.New.Physical));
        Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(Table));

        // The table counts now.
        Assert.Equal(IntroAction.Allowed, machine.Store(Table + (offset >> 12 << 3), New | Flags));
        Assert.Equal(New, _watcher.Changed[1].New.Physical);

        Assert.Equal(IntroAction.Allowed, machine.Store(directory, large));
        Assert.Equal((4096UL, 0x20_0000UL), (_watcher.Changed[2].Old.Size, _watcher.Changed[2].New.Size));
        Assert.Equal(Large + offset, _watcher.Changed[2].New.Physical);
        Assert.Equal(EptAccess.None, machine.Host.Withdrawn(Table));
    }

    [Fact]
    public void AStoreOverSeveralEntriesChangesEachOfThem()
    {
        ulong first = Watch(Linear, cookie: 1), third = Watch(Linear + 0x2000, cookie: 3);
        byte[] data = new byte[64];
        for (int i = 0; i < 8; i++)
            BitConverter.TryWriteBytes(data.AsSpan(i * 8), (0x30000UL + ((ulong)i << 12)) | Flags);
        ulong start = Entry(1) - 16;
        Assert.Equal(IntroAction.Allowed, _machine.Store(start, data));
        Assert.Equal([1UL, 3UL], _watcher.Changed.Select(change => change.Cookie));
        Assert.Equal((0x32000UL, 0x34000UL), (Physical(first), Physical(third)));

        // Blocked for one of them, it is blocked as a whole.
        _watcher.Judge = (ref access, in change) => change.Cookie == 3 ? IntroAction.NotAllowed : IntroAction.Allowed;
        data.AsSpan().Clear();
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(start, data));
        Assert.Equal((0x32000UL, 0x34000UL), (Physical(first), Physical(third)));
        Assert.Equal(2, _watcher.Dropped.Count);
    }

    [Fact]
    public void PartialStoresAreJudgedByTheEntryThatResults()
    {
        ulong watch = Watch(Linear);

        // One byte of the frame number.
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1) + 2, [0x07]));
        Assert.Equal(0x7_5000UL, Physical(watch));

        // Two bytes across the lower border of the entry: the lower one belongs to its neighbour.
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1) - 1, [0xFF, 0x00]));
        Assert.False(Current(watch).IsPresent);
        Assert.Equal(2, _watcher.Changed.Count);
    }

    [Fact]
    public void AStoreMayCrossFromOneTableIntoAnother()
    {
        // The last entry of one page table, the first of the next one, which is the next page of memory.
        const ulong Low = 0x40000, High = 0x41000, Base = 0xFFFF_8000_0000_0000;
        ulong last = Base + (511UL << 12), next = Base + 0x20_0000;
        _machine.Tables.Map(last, Old);
        ulong directory = Entry(2, last);
        _machine.Ram.Write(directory, Low | Flags);
        _machine.Ram.Write(directory + 8, High | Flags);
        ulong first = Watch(last, cookie: 1), second = Watch(next, cookie: 2);
        byte[] data = new byte[16];
        BitConverter.TryWriteBytes(data, New | Flags);
        BitConverter.TryWriteBytes(data.AsSpan(8), Old | Flags);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Low + 0xFF8, data));
        Assert.Equal((New, Old), (Physical(first), Physical(second)));
        Assert.Equal([1UL, 2UL], _watcher.Changed.Select(change => change.Cookie));

        _watcher.Judge = (ref access, in change) => change.Cookie == 2 ? IntroAction.NotAllowed : IntroAction.Allowed;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Low + 0xFF8, new byte[16]));
        Assert.Equal((New, Old), (Physical(first), Physical(second)));
    }

    [Fact]
    public void TheHalfOfARootThatNobodyWatchesIsNotLookedAt()
    {
        const ulong User = 0x0000_7FFF_1234_5000;
        Watch(User);
        ulong root = _machine.Tables.Root;
        Assert.Equal(IntroAction.Allowed, _machine.Store(root + 0xFF8, 0x1234_5001UL));
        Assert.Single(HookSnapshot.On(_machine.Hooks.Map, root >> 12), hook => hook.End <= 2048);

        // Somebody else watches the kernel's half: then it is.
        ulong kernel = Watch(0xFFFF_FFFF_8000_0000, cookie: 5);
        Assert.Single(HookSnapshot.On(_machine.Hooks.Map, root >> 12));
        Assert.Equal(EptAccess.Write, _machine.Host.Withdrawn(root));
        _machine.Ram.Write(0x40000 + 0xFF0, 0x41000 | Flags);
        _machine.Ram.Write(0x41000UL, 0x42000 | Flags);
        _machine.Ram.Write(0x42000UL, New | Flags);
        Assert.Equal(IntroAction.Allowed, _machine.Store(root + 0xFF8, 0x40000 | Flags));
        Assert.Equal(New, Physical(kernel));
    }

    [Fact]
    public void TablesThatAddressSpacesShareAreWatchedForEach()
    {
        // A second address space with the same kernel half.
        const ulong OtherRoot = 0x60000;
        ulong index = Entry(4) & 0xFFF;
        _machine.Ram.Write(OtherRoot + index, _machine.Ram.Read<ulong>(Entry(4)));
        PagingContext other = _machine.Tables.Context.WithCr3(OtherRoot | 0x18);
        ulong first = Watch(Linear, cookie: 1);
        Assert.Equal(
            IntStatus.Success, _machine.Translations.Watch(in other, Linear, _handler, 2, TranslationWatchFlags.None, out ulong second));
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), New | Flags));
        Assert.Equal([(1UL, _machine.Tables.Root), (2UL, OtherRoot)], _watcher.Changed.Select(change => (change.Cookie, change.Root)).Order());
        Assert.Equal((New, New), (Physical(first), Physical(second)));

        // One of them gets tables of its own.
        _machine.Store(OtherRoot + index, 0);
        Assert.Equal(New, Physical(first));
        Assert.False(Current(second).IsPresent);
    }

    [Fact]
    public void ATableThatMapsItselfIsWatchedAtEveryLevelAtOnce()
    {
        // Entry 0x1ED of the root leads to the root: the linear address below is the root's own.
        const ulong Self = 0xFFFF_F6FB_7DBE_D000;
        ulong root = _machine.Tables.Root;
        _machine.Ram.Write(root + (0x1ED * 8), root | Flags);
        ulong watch = Watch(Self);
        Assert.Equal(root, Physical(watch));
        Assert.Equal(4, HookSnapshot.On(_machine.Hooks.Map, root >> 12).Count);
        Assert.Equal(IntroAction.Allowed, _machine.Store(root + (0x1ED * 8), root | PageTables.Present));
        Assert.Equal(TranslationFlags.Present, Current(watch).Flags);
        Assert.Equal(IntroAction.Allowed, _machine.Store(root + (0x1ED * 8), 0));
        Assert.False(Current(watch).IsPresent);
    }

    [Fact]
    public void AStoreWhoseBytesAreNotKnownIsComparedAfterwards()
    {
        ulong watch = Watch(Linear);
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Entry(1), EptAccess.Write));
        _machine.Ram.Write(Entry(1), New | Flags);
        Assert.Equal(Old, Physical(watch));
        _machine.Store(0x20000, 1);
        Assert.Equal(New, Physical(watch));
        Assert.True(Assert.Single(_watcher.Asked).IsObserved);
        Assert.True(Assert.Single(_watcher.Changed).IsObserved);
    }

    [Fact]
    public void ItMayBeRefusedInstead()
    {
        ulong watch = Watch(Linear, flags: TranslationWatchFlags.FailClosed);
        Watch(Linear + 0x1000);
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(Entry(1), EptAccess.Write));
        Assert.Equal(watch, Assert.Single(_watcher.Unknown).Watch);
        Assert.Equal(IntroAction.NotAllowed, _machine.Exit(Entry(2), EptAccess.Write));
        _watcher.UnknownVerdict = IntroAction.Allowed;
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Entry(1), EptAccess.Write));
        _machine.Translations.Unwatch(watch);
        _watcher.UnknownVerdict = IntroAction.NotAllowed;
        Assert.Equal(IntroAction.Allowed, _machine.Exit(Entry(2), EptAccess.Write));
    }

    [Fact]
    public void WithoutTrapsEntriesAreCompared()
    {
        using HookMachine machine = new(traps: false);
        machine.Tables.Map(Linear, Old);
        ushort handler = machine.Translations.AddHandler(_watcher);
        machine.Translations.Watch(machine.Tables.Context, Linear, handler, 1, TranslationWatchFlags.None, out ulong watch);
        Assert.Equal(0, machine.Hooks.Map.Count);
        machine.Ram.Write(machine.Tables.EntryAddress(Linear, 1), New | Flags);
        Assert.Equal(4, machine.Translations.Recheck(100));
        Assert.Equal((Old, New, true), (_watcher.Changed[0].Old.Physical, _watcher.Changed[0].New.Physical, _watcher.Changed[0].IsObserved));
        machine.Ram.Write(machine.Tables.EntryAddress(Linear, 2), 0UL);
        Assert.True(machine.Translations.Refresh(watch, out PageTranslation now));
        Assert.False(now.IsPresent);
        Assert.Equal(2, _watcher.Changed.Count);
        Assert.Equal(0, machine.Host.Flushes);
    }

    [Fact]
    public void WatchesMayComeAndGoInsideACallback()
    {
        ulong self = 0, added = 0;
        _watcher.Judge = (ref access, in change) =>
        {
            _machine.Translations.Unwatch(self);
            Assert.Equal(
                IntStatus.Success,
                _machine.Translations.Watch(_machine.Tables.Context, Linear, _handler, 9, TranslationWatchFlags.None, out added));
            return IntroAction.Allowed;
        };
        self = Watch(Linear, cookie: 1);
        Assert.Equal(IntroAction.Allowed, _machine.Store(Entry(1), New | Flags));
        _watcher.Judge = null;
        _machine.Store(0x20000, 1);
        Assert.False(_machine.Translations.TryGet(self, out _));
        Assert.Equal(New, Physical(added));
        _machine.Store(Entry(1), Old | Flags);
        Assert.Equal(9UL, _watcher.Changed[^1].Cookie);
        Assert.Equal(Old, Physical(added));
    }

    [Fact]
    public void AWatchThatAnEarlierOneEndedIsNotAsked()
    {
        ulong first = Watch(Linear, cookie: 1), second = Watch(Linear, cookie: 2);
        _watcher.Judge = (ref access, in change) =>
        {
            _machine.Translations.Unwatch(change.Watch == first ? second : first);
            return IntroAction.Allowed;
        };
        _machine.Store(Entry(1), New | Flags);
        Assert.Single(_watcher.Asked);
        Assert.Equal(1, _machine.Translations.Count);
    }

    [Fact]
    public void ThoseWhoProtectAreAskedWhenTheirHooksAreInForce()
    {
        Watch(Linear, flags: TranslationWatchFlags.Protects);
        ushort frames = _machine.Hooks.AddHandler(new FixedVerdict(IntroAction.Allowed));
        EptAccess atFirst = EptAccess.Execute, later = EptAccess.None;
        _watcher.Judge = (ref access, in change) =>
        {
            atFirst = _machine.Host.Withdrawn(New);
            _machine.Hooks.Set(New, 16, EptAccess.Write, frames, 1);
            return IntroAction.Allowed;
        };
        _watcher.Protect = (ref access, in change) =>
        {
            later = _machine.Host.Withdrawn(New);
            return IntroAction.NotAllowed;
        };
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Entry(1), New | Flags));
        Assert.Equal((EptAccess.None, EptAccess.Write), (atFirst, later));
        Assert.Single(_watcher.Dropped);
    }

    [Fact]
    public void AStoreThatChangesTooManyPagesCountsAsUnknown()
    {
        // 700 pages under one entry of level 3, all absent; a large page of 1 GiB would change them all at once.
        const ulong Base = 0xFFFF_8000_4000_0000;
        for (ulong i = 0; i < 700; i++)
            Watch(Base + (i << 12), cookie: i);
        ulong pointer = _machine.Tables.EntryAddress(Base, 3, create: true);
        Assert.Equal(IntroAction.Allowed, _machine.Store(pointer, 0x80 | Flags));
        Assert.Empty(_watcher.Changed);

        // It has landed: what can be done in an exit is done there, the rest by the timer.
        _machine.Store(0x20000, 1);
        Assert.InRange(_watcher.Changed.Count, 1, 512);
        _machine.Translations.Recheck(100);
        _machine.Translations.Recheck(100);
        Assert.Equal(700, _watcher.Changed.Count);
        Assert.All(_watcher.Changed, change => Assert.Equal((change.Cookie << 12, true), (change.New.Physical, change.IsObserved)));

        // And if one of them is to fail closed, it does.
        ulong watch = Watch(Base, flags: TranslationWatchFlags.FailClosed);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(pointer, 0));
        Assert.Equal(watch, Assert.Single(_watcher.Unknown).Watch);
    }

    [Fact]
    public void WhileAStoreIsUnderJudgementAnotherOneThatCountsIsRetried()
    {
        using HookMachine machine = new(vcpus: 2);
        machine.Tables.Map(Linear, Old);
        ushort handler = machine.Translations.AddHandler(_watcher);
        machine.Translations.Watch(machine.Tables.Context, Linear, handler, 1, TranslationWatchFlags.None, out _);
        ulong entry = machine.Tables.EntryAddress(Linear, 1);
        IntroAction other = IntroAction.Allowed, harmless = IntroAction.NotAllowed;
        _watcher.Judge = (ref access, in change) =>
        {
            if (other == IntroAction.Allowed)
            {
                other = IntroAction.Ignore;
                other = machine.Store(entry, 0x7000 | Flags, vcpu: 1);
                harmless = machine.Store(entry, Old | Flags | 0x60, vcpu: 1);
            }

            return IntroAction.Allowed;
        };
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, New | Flags));
        Assert.Equal((IntroAction.Retry, IntroAction.Allowed), (other, harmless));
        Assert.Single(_watcher.Asked);
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, 0x7000 | Flags, vcpu: 1));
        Assert.Equal(0x7000UL, _watcher.Changed[^1].New.Physical);
    }

    [Fact]
    public void AnOlderStoreThatLandsLateIsSeen()
    {
        // The second vCPU's harmless store was allowed before the first one's, and lands after it: it undoes the change.
        using HookMachine machine = new(vcpus: 2);
        machine.Tables.Map(Linear, Old);
        ushort handler = machine.Translations.AddHandler(_watcher);
        machine.Translations.Watch(machine.Tables.Context, Linear, handler, 1, TranslationWatchFlags.None, out ulong watch);
        ulong entry = machine.Tables.EntryAddress(Linear, 1);
        Assert.Equal(IntroAction.Allowed, machine.Judge(entry, Old | Flags | 0x20, vcpu: 1));
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, New | Flags, vcpu: 0));
        machine.Ram.Write(entry, Old | Flags | 0x20);
        machine.Store(0x20000, 1, vcpu: 0);
        machine.Store(0x20000, 1, vcpu: 1);
        Assert.True(machine.Translations.TryGet(watch, out PageTranslation now));
        Assert.Equal(Old, now.Physical);
        Assert.True(_watcher.Changed[^1].IsObserved);
    }

    [Theory]
    [InlineData(nameof(PagingMode.Bits32))]
    [InlineData(nameof(PagingMode.Pae))]
    [InlineData(nameof(PagingMode.Level5))]
    public void EveryModeIsWatched(string name)
    {
        PagingMode mode = Enum.Parse<PagingMode>(name);
        using HookMachine machine = new(mode: mode);
        ulong linear = mode == PagingMode.Level5 ? 0xFF80_0000_1234_5000 : 0x8123_4000;
        machine.Tables.Map(linear, Old);
        ushort handler = machine.Translations.AddHandler(_watcher);
        Assert.Equal(
            IntStatus.Success,
            machine.Translations.Watch(machine.Tables.Context, linear, handler, 1, TranslationWatchFlags.None, out ulong watch));
        int levels = mode switch { PagingMode.Bits32 => 2, PagingMode.Pae => 3, _ => 5 };
        Assert.Equal(levels, machine.Host.WithdrawnFrames);
        for (int level = levels; level > 0; level--)
        {
            ulong entry = machine.Tables.EntryAddress(linear, level);
            ulong value = machine.Tables.ReadEntry(entry);
            byte[] bytes = BitConverter.GetBytes(value)[..(mode == PagingMode.Bits32 ? 4 : 8)];
            Assert.Equal(IntroAction.Allowed, machine.Store(entry, new byte[bytes.Length]));
            Assert.True(machine.Translations.TryGet(watch, out PageTranslation now));
            Assert.False(now.IsPresent);
            Assert.Equal(IntroAction.Allowed, machine.Store(entry, bytes));
            Assert.True(machine.Translations.TryGet(watch, out now));
            Assert.Equal(Old, now.Physical);
        }

        Assert.Equal(levels * 2, _watcher.Changed.Count);
    }

    [Fact]
    public void TheHalvesOfAPaeEntryAreOneChange()
    {
        using HookMachine machine = new(mode: PagingMode.Pae);
        const ulong Address = 0x8123_4000;
        machine.Tables.Map(Address, Old);
        ulong entry = machine.Tables.EntryAddress(Address, 1);
        machine.Ram.Write(entry, 0UL);
        ushort handler = machine.Translations.AddHandler(_watcher);
        machine.Translations.Watch(machine.Tables.Context, Address, handler, 1, TranslationWatchFlags.NoExecute, out _);

        // As kernels write it: the half without P first. Nothing is present until the other one is there.
        Assert.Equal(IntroAction.Allowed, machine.Store(entry + 4, BitConverter.GetBytes(0x8000_0003U)));
        Assert.Empty(_watcher.Asked);
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, BitConverter.GetBytes(0x0000_9003U)));
        TranslationChange change = Assert.Single(_watcher.Asked);
        Assert.Equal(0x8000_0003_0000_9003UL, change.New.Entry);
        Assert.Equal(0x3_0000_9000UL, change.New.Physical);

        // And the half with P first when it goes.
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, BitConverter.GetBytes(0U)));
        Assert.Equal(IntroAction.Allowed, machine.Store(entry + 4, BitConverter.GetBytes(0U)));
        Assert.Equal(2, _watcher.Asked.Count);
        Assert.False(_watcher.Asked[1].New.IsPresent);

        // Two stores of the same instruction that each change something are two changes.
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, BitConverter.GetBytes(0x5003U)));
        Assert.Equal(IntroAction.Allowed, machine.Store(entry, BitConverter.GetBytes(0x6003U)));
        Assert.Equal([0x5000UL, 0x6000UL], _watcher.Changed.Skip(2).Select(each => each.New.Physical));
    }

    [Fact]
    public void PagingOffAndAddressesThatAreNoneAreRefused()
    {
        Assert.Equal(
            IntStatus.NotSupported,
            _machine.Translations.Watch(PagingContext.Of(PagingMode.None, 0), Linear, _handler, 1, TranslationWatchFlags.None, out _));
        Assert.Equal(
            IntStatus.InvalidParameter2,
            _machine.Translations.Watch(_machine.Tables.Context, 1UL << 50, _handler, 1, TranslationWatchFlags.None, out _));
        Assert.Equal(0, _machine.Translations.Count);
    }

    [Fact]
    public void AWatchThatCannotBeSetLeavesNothing()
    {
        for (int i = 0; i < Engine.Limits.MaxHooksPerFrame; i++)
            Assert.Equal(IntStatus.Success, _machine.Hooks.Set(Entry(1), 1, EptAccess.Write, 0, (ulong)i + (1UL << 40)));
        _machine.Hooks.Commit();
        Assert.Equal(
            IntStatus.InsufficientResources,
            _machine.Translations.Watch(_machine.Tables.Context, Linear, _handler, 1, TranslationWatchFlags.None, out ulong watch));
        Assert.Equal(0UL, watch);
        _machine.Hooks.Commit();
        Assert.Equal(1, _machine.Host.WithdrawnFrames);
        Assert.Equal(0, _machine.Translations.Count);
    }

    [Fact]
    public void APageHasABoundedNumberOfWatches()
    {
        for (int i = 0; i < Engine.Limits.MaxWatchesPerPage; i++)
            Watch(Linear, cookie: (ulong)i);
        Assert.Equal(
            IntStatus.InsufficientResources,
            _machine.Translations.Watch(_machine.Tables.Context, Linear, _handler, 1, TranslationWatchFlags.None, out _));
        _machine.Store(Entry(1), New | Flags);
        Assert.Equal(Engine.Limits.MaxWatchesPerPage, _watcher.Changed.Count);
    }

    private ulong Entry(int level, ulong linear = Linear) => _machine.Tables.EntryAddress(linear, level);

    private PageTranslation Current(ulong watch)
    {
        Assert.True(_machine.Translations.TryGet(watch, out PageTranslation translation));
        return translation;
    }

    private ulong Physical(ulong watch) => Current(watch).Physical;

    private ulong Watch(
        ulong linear, ushort? handler = null, TranslationWatchFlags flags = TranslationWatchFlags.None, ulong cookie = 0)
    {
        Assert.Equal(
            IntStatus.Success,
            _machine.Translations.Watch(_machine.Tables.Context, linear, handler ?? _handler, cookie, flags, out ulong watch));
        return watch;
    }
}
