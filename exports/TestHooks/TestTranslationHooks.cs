using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Translations;
using Engine.Memory;
using Engine.Sessions;

namespace Exports;

/// <summary>Watches of translations whose verdict a C test gives: the real ones of the guest's engine, with this as their handler.</summary>
/// <remarks>Thread safety: set and removed by one thread at a time; changes are judged on any.</remarks>
internal sealed unsafe class TestTranslationHooks : ITranslationHookHandler
{
    private static readonly ConditionalWeakTable<ActiveGuest, TestTranslationHooks> s_ofGuests = [];

    private readonly ActiveGuest _guest;
    private readonly ushort _handler;
    private readonly List<Entry> _watches = [];
    private Entry[] _entries = [];

    private TestTranslationHooks(ActiveGuest guest)
    {
        _guest = guest;
        _handler = guest.TranslationHooks.AddHandler(this);
    }

    /// <summary>Those of a guest.</summary>
    public static TestTranslationHooks Of(ActiveGuest guest) => s_ofGuests.GetValue(guest, g => new TestTranslationHooks(g));

    /// <summary>Watches a page. The function gets: context, vCPU (all ones: a device, or found by looking), linear address, and the
    /// guest-physical addresses before and after (0: absent).</summary>
    public IntStatus Set(
        PagingMode mode, ulong cr3, ulong linear, delegate* unmanaged<void*, uint, ulong, ulong, ulong, IntroAction> judge, void* context)
    {
        PagingContext paging = PagingContext.Of(mode, cr3);
        Entry entry = new() { Cr3 = cr3, Linear = linear, Judge = judge, Context = context };
        _entries = [.. _entries, entry];
        IntStatus status = _guest.TranslationHooks.Watch(
            in paging, linear, _handler, (ulong)_entries.Length - 1, TranslationWatchFlags.FailClosed, out entry.Watch);
        if (status.IsSuccess())
            _watches.Add(entry);
        return status;
    }

    /// <summary>Ends the watches of a page; rights are back when it returns.</summary>
    public IntStatus Remove(ulong cr3, ulong linear)
    {
        foreach (Entry entry in _watches)
        {
            if (entry.Cr3 == cr3 && entry.Linear == linear)
                _guest.TranslationHooks.Unwatch(entry.Watch);
        }

        IntStatus status = _guest.FrameHooks.Commit();
        while (status == IntStatus.Busy)
            status = _guest.FrameHooks.Commit();
        return status;
    }

    /// <inheritdoc/>
    public IntroAction OnChange(ref FrameAccess access, in TranslationChange change)
    {
        ref readonly Entry entry = ref _entries[change.Cookie];
        return entry.Judge(entry.Context, change.Vcpu, change.Linear, change.Old.Physical, change.New.Physical);
    }

    /// <inheritdoc/>
    public void OnChanged(in TranslationChange change)
    {
    }

    private struct Entry
    {
        public ulong Cr3;
        public ulong Linear;
        public ulong Watch;
        public delegate* unmanaged<void*, uint, ulong, ulong, ulong, IntroAction> Judge;
        public void* Context;
    }
}
