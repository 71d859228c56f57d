using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Memory;

namespace Engine.Hooks.Translations;

/// <summary>
/// Watches how linear pages are translated: page-table pages are hooked against writes, each store to an entry that counts is judged
/// before it lands, and the hooks follow tables that come and go (spec/13, sections 5 to 7).
/// </summary>
/// <remarks>
/// <para>Strategy. For each watched page there is a way of nodes from the root of its address space, one for each level, that stays
/// whatever the guest does: a node stands for the table of a range of linear addresses, and names the page of guest memory that holds
/// that table now, or none. An entry that changes moves the nodes below it to other tables; nothing else of the tree changes. Each node
/// hooks its own table, as far as it is monitored, so that tables which several address spaces, or several levels of one, share are
/// hooked once for each of them.</para>
/// <para>A store is judged by the entries that it leads to: its bytes, and around them what is in memory. New tables are hooked, and the
/// hooks are in force, before their entries are read, so that none of them changes unseen. Handlers judge; when the verdict on the
/// store is known, the change is made in the tree or dropped. A store of which only accessed and dirty bits, or ignored ones, change
/// is allowed at once.</para>
/// <para>A store that was allowed lands after the exit. At the vCPU's next exit the entries are compared with the tree; what differs is
/// followed and reported as observed. The same is done for a store whose bytes nobody knows, and by <see cref="Recheck"/> for
/// hypervisors that cannot trap stores to page tables.</para>
/// <para>Thread safety: all members from any thread, from inside handlers too. <see cref="_lock"/> guards the tree; it is held for short
/// sections that call neither the glue (memory is read before) nor a handler. One store at a time is between judgement and outcome;
/// another one that counts is answered Retry, so that nobody waits.</para>
/// </remarks>
internal sealed unsafe partial class TranslationHooks : IFrameHookHandler, IDisposable
{
    private const ulong PageMask = 0xFFF;
    private const int None = -1;

    private readonly FrameHooks _frames;
    private readonly GuestMemory _memory;
    private readonly ushort _frameHandler;
    private readonly Action<bool> _waits;
    private readonly Action _needTimer;
    private readonly bool _traps;
    private readonly uint _vcpuCount;
    private readonly Lock _adding = new();
    private readonly Dictionary<(ulong Root, PagingMode Mode), int> _spaceByRoot = [];
    private readonly NativePool<AddressSpaceRecord> _spaces = new();
    private readonly NativePool<TableNode> _nodes = new();
    private readonly NativePool<WatchedPage> _pages = new();
    private readonly NativePool<TranslationWatch> _watches = new();
    private readonly TableTransaction _transaction = new();
    private ITranslationHookHandler[] _handlers = [];
    private PendingStore* _pending;
    private ShortLock _lock;

    /// <param name="frames">Hooks on frames.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="vcpuCount">Its vCPUs.</param>
    /// <param name="waits">Told whether stores are to be compared at the next exits: <see cref="SettleAtExit"/>. Called under the lock.</param>
    /// <param name="needTimer">Called when a page begins to be watched: <see cref="Recheck"/> is to be called once a second from then on.</param>
    /// <param name="traps">Whether stores to page tables can be trapped; if not, <see cref="Recheck"/> is all there is.</param>
    public TranslationHooks(FrameHooks frames, GuestMemory memory, int vcpuCount, Action<bool> waits, Action needTimer, bool traps = true)
    {
        _frames = frames;
        _memory = memory;
        _waits = waits;
        _needTimer = needTimer;
        _traps = traps;
        _vcpuCount = (uint)vcpuCount;
        _pending = (PendingStore*)NativeMemory.AllocZeroed((nuint)vcpuCount + 1, (nuint)sizeof(PendingStore));
        _frameHandler = frames.AddHandler(this);
    }

    /// <summary>Watches that are set.</summary>
    public int Count => _watches.Count;

    /// <summary>Makes a handler known; its index goes into its watches.</summary>
    public ushort AddHandler(ITranslationHookHandler handler)
    {
        lock (_adding)
        {
            Volatile.Write(ref _handlers, [.. _handlers, handler]);
            return (ushort)(_handlers.Length - 1);
        }
    }

    /// <summary>
    /// Watches the page of a linear address in an address space, whether it is present or not. Its tables are hooked, and the hooks in
    /// force, when this returns; nobody is called about the translation that there is: <see cref="TryGet"/>. An error changes nothing.
    /// </summary>
    /// <param name="paging">The address space: mode and CR3.</param>
    /// <param name="linear">An address in the page; any that is canonical, in the kernel's half as well.</param>
    /// <param name="handler">Index of the handler.</param>
    /// <param name="cookie">For the handler.</param>
    /// <param name="flags">How the handler is asked.</param>
    /// <param name="watch">Names the watch; never 0.</param>
    /// <returns><see cref="IntStatus.NotSupported"/>: paging is off; <see cref="IntStatus.InvalidParameter2"/>: not canonical;
    /// <see cref="IntStatus.InsufficientResources"/>: a limit is reached; <see cref="IntStatus.Busy"/>: rights could not be changed
    /// just now; or the glue's error.</returns>
    public IntStatus Watch(
        in PagingContext paging, ulong linear, ushort handler, ulong cookie, TranslationWatchFlags flags, out ulong watch)
    {
        watch = 0;
        if (paging.Mode == PagingMode.None)
            return IntStatus.NotSupported;
        PagingGeometry geometry = new(in paging);
        if (!geometry.TryNormalise(ref linear))
            return IntStatus.InvalidParameter2;

        RecordKey page;
        _lock.Enter();
        try
        {
            if (_watches.Count >= Limits.MaxTranslationWatches)
                return IntStatus.InsufficientResources;
            int index = FindOrAddPage(in geometry, paging.Root, linear & ~PageMask);
            page = new RecordKey(index, _pages.At(index)->Generation);
            if (!TryAddWatch(index, handler, cookie, flags, out watch))
                return IntStatus.InsufficientResources;
        }
        finally
        {
            _lock.Exit();
        }

        IntStatus status = MakeReady(page);
        if (!status.IsSuccess())
        {
            Unwatch(watch);
            watch = 0;
            return status;
        }

        _needTimer();
        return status;
    }

    /// <summary>Ends a watch; its handler is not called about it any more, from inside a callback neither. Hooks on tables that nobody
    /// needs any more go; their rights come back with the next commit. False: it had ended.</summary>
    public bool Unwatch(ulong watch)
    {
        _lock.Enter();
        try
        {
            if (!TryFindWatch(watch, out int index))
                return false;
            RemoveWatch(index);
            return true;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>How the page of a watch is translated, as far as it is known. False: the watch has ended.</summary>
    public bool TryGet(ulong watch, out PageTranslation translation)
    {
        translation = default;
        _lock.Enter();
        try
        {
            if (!TryFindWatch(watch, out int index))
                return false;
            translation = _pages.At(_watches.At(index)->Page)->Current;
            return true;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Frees all memory. Only when nobody is left inside the guest.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _nodes.Bound; i++)
            NativeMemory.Free(_nodes.At(i)->Slots);
        _spaces.Dispose();
        _nodes.Dispose();
        _pages.Dispose();
        _watches.Dispose();
        _transaction.Dispose();
        NativeMemory.Free(_pending);
        _pending = null;
    }

    private bool TryFindWatch(ulong watch, out int index)
    {
        index = (int)watch;
        if ((uint)index >= (uint)_watches.Bound)
            return false;
        TranslationWatch* found = _watches.At(index);
        return found->Generation == (uint)(watch >> 32) && found->Page != None;
    }

    private bool TryAddWatch(int page, ushort handler, ulong cookie, TranslationWatchFlags flags, out ulong watch)
    {
        // At the end, so that watchers are called in the order in which they came.
        watch = 0;
        int* link = &_pages.At(page)->FirstWatch;
        int count = 0;
        for (; *link != None; link = &_watches.At(*link)->Next)
            count++;
        if (count == Limits.MaxWatchesPerPage)
            return false;

        int index = _watches.Take();
        TranslationWatch* added = _watches.At(index);
        added->Generation++;
        added->Cookie = cookie;
        added->Page = page;
        added->Next = None;
        added->Handler = handler;
        added->Flags = flags;
        *link = index;
        watch = ((ulong)added->Generation << 32) | (uint)index;
        CountFailClosed(page, flags, 1);
        return true;
    }

    private void RemoveWatch(int index)
    {
        TranslationWatch* watch = _watches.At(index);
        int page = watch->Page;
        int* link = &_pages.At(page)->FirstWatch;
        while (*link != index)
            link = &_watches.At(*link)->Next;
        *link = watch->Next;
        CountFailClosed(page, watch->Flags, -1);
        watch->Page = None;
        watch->Generation++;
        _watches.Give(index);
        if (_pages.At(page)->FirstWatch == None)
            RemovePage(page);
    }

    private void CountFailClosed(int page, TranslationWatchFlags flags, int change)
    {
        if ((flags & TranslationWatchFlags.FailClosed) == TranslationWatchFlags.None)
            return;
        for (int node = _pages.At(page)->Node; node != None; node = _nodes.At(node)->Parent)
            _nodes.At(node)->FailClosed += change;
    }
}
