using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hosting;

namespace Engine.Memory;

/// <summary>
/// Pages of a guest that the glue maps (PhysMemMapToHost), and the cache that keeps the mappings, so that one page is not mapped
/// for every read of it. All vCPUs share it; it is bounded by <see cref="Limits.MaxMappedPages"/>.
/// </summary>
/// <remarks>
/// <para>Strategy: sets of four places, a cache line each, chosen by a hash whose key the guest does not know. A full set gives up
/// its places in turn. A mapping that leaves the cache, because its place is needed, because an access through it faulted, or
/// because the glue flushes, is unmapped once every thread that may still use it has left the guest's engine.</para>
/// <para>Hot path: <see cref="TryOpen"/> of a page that is kept reads one set: no lock, no call into the glue.</para>
/// <para>Thread safety: the caller holds a claim of the guest. Places are written under a lock, which who adds a mapping only
/// tries: where another thread has it, what was mapped is used once and unmapped. The glue is called without a lock. A reader
/// takes a place's tag, its address, and the tag again: the tag counts the changes of the place, and does not come back while the
/// reader holds its claim, since the list of retired mappings would be full before.</para>
/// <para>A flush counts <see cref="_generation"/> up. What was mapped before is not put into the cache after it.</para>
/// </remarks>
internal sealed unsafe class MappedPages
{
    private const ulong PageMask = 0xFFF;
    private const ulong Valid = 1;
    private const ulong Change = 2;
    private const int Ways = 4;
    private const int Sets = Limits.MaxMappedPages / Ways;

    private readonly Hypervisor _hypervisor;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> _copy;
    private readonly delegate* unmanaged[SuppressGCTransition]<ulong*, byte**, nuint, nuint> _gather;
    private readonly Lock _writer = new();
    private readonly ulong _key = (ulong)Random.Shared.NextInt64() | 1;
    private Place* _places;
    private ulong _generation;
    private int _next;
    private int _count;

    public MappedPages(Hypervisor hypervisor, ClaimTable claims)
    {
        _hypervisor = hypervisor;
        _copy = hypervisor.Shim.GuardedCopy;
        _gather = hypervisor.Shim.GuardedGather;
        Retired = new RetiredMappings(hypervisor, claims);
        nuint bytes = Limits.MaxMappedPages * (nuint)sizeof(Place);
        _places = (Place*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(_places, bytes);
    }

    /// <summary>Mappings that have left the cache and wait to be unmapped: the end of an exit collects them.</summary>
    public RetiredMappings Retired { get; }

    /// <summary>Mappings that are kept.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether the shim has all that is needed to touch mappings.</summary>
    public static bool CanTouch(in NativeShim shim) =>
        shim.GuardedCopy != null && shim.GuardedStore != null && shim.GuardedExchange != null && shim.GuardedGather != null;

    /// <summary>Reads bytes of one page; returns how many of them, from the first on, were there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ulong gpa, byte* to, int size)
    {
        byte* host = Find(gpa & ~PageMask);
        return host != null && (int)_copy(to, host + (gpa & PageMask), (nuint)size) == size ? size : ReadSlowly(gpa, to, size);
    }

    /// <summary>Where a byte of a page that is kept is in this process; null: its page is not kept. Only guarded functions may touch
    /// it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* FindByte(ulong gpa)
    {
        byte* host = Find(gpa & ~PageMask);
        return host == null ? null : host + (gpa & PageMask);
    }

    /// <summary>Reads words from such addresses. False: not all of them are there any more.</summary>
    public bool TryGather(ulong* to, byte** from, int count) => (int)_gather(to, from, (nuint)count) == count;

    /// <summary>
    /// Finds or maps the page of an address. False: the glue has no such memory. The caller touches it by guarded functions alone,
    /// and then calls <see cref="Close"/>.
    /// </summary>
    /// <param name="gpa">Guest-physical address, anywhere in the page.</param>
    /// <param name="anew">Map it although it may be kept: a mapping that was kept has just faulted.</param>
    /// <param name="page">The page.</param>
    public bool TryOpen(ulong gpa, bool anew, out MappedPage page)
    {
        page.Gpa = gpa & ~PageMask;
        page.Host = anew ? null : Find(page.Gpa);
        page.IsKept = page.Host != null;
        page.Generation = 0;
        return page.IsKept || TryMap(ref page);
    }

    /// <summary>Ends an access. <paramref name="worked"/>: all of it was done; else the mapping is not kept any longer.</summary>
    public void Close(in MappedPage page, bool worked)
    {
        if (!page.IsKept || !worked)
            Settle(in page, worked);
    }

    /// <summary>Takes the mappings of [first, last] out of the cache. False: not all yet, since too many wait to be unmapped
    /// already.</summary>
    public bool TryForget(ulong first, ulong last)
    {
        lock (_writer)
        {
            Volatile.Write(ref _generation, _generation + 1);
            for (int i = 0; i < Limits.MaxMappedPages; i++)
            {
                Place* place = _places + i;
                ulong gpa = place->Tag & ~PageMask;
                if ((place->Tag & Valid) == 0 || gpa < first || gpa > last)
                    continue;
                if (Retired.IsFull)
                    return false;
                Retired.Retire(Empty(place));
            }

            return true;
        }
    }

    /// <summary>Unmaps everything. Only when nobody is left inside the guest.</summary>
    public void Clear()
    {
        Retired.CollectAll();
        for (int i = 0; i < Limits.MaxMappedPages; i++)
        {
            if ((_places[i].Tag & Valid) != 0)
                _hypervisor.Unmap(Empty(_places + i));
        }
    }

    /// <summary>Unmaps everything and frees the cache. Only when nobody is left inside the guest, and nobody comes any more.</summary>
    public void End()
    {
        Clear();
        Retired.Dispose();
        NativeMemory.AlignedFree(_places);
        _places = null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Find(ulong gpa)
    {
        Place* place = SetOf(gpa);
        for (Place* end = place + Ways; place < end; place++)
        {
            ulong tag = Volatile.Read(ref place->Tag);
            if ((tag & (~PageMask | Valid)) != (gpa | Valid))
                continue;
            byte* host = (byte*)Volatile.Read(ref place->Host);
            if (Volatile.Read(ref place->Tag) == tag)
                return host;
        }

        return null;
    }

    /// <summary>Reads through a mapping that may have to be made; once more if one that was kept turns out to be gone.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int ReadSlowly(ulong gpa, byte* to, int size)
    {
        int copied = 0;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (!TryOpen(gpa, anew: attempt != 0, out MappedPage page))
                return 0;
            copied = (int)_copy(to, page.Host + (gpa & PageMask), (nuint)size);
            Close(in page, worked: copied == size);
            if (copied == size || !page.IsKept)
                break;
        }

        return copied;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Place* SetOf(ulong gpa) => _places + (Ways * (int)((((gpa >> 12) * _key) >> 32) & (Sets - 1)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryMap(ref MappedPage page)
    {
        page.Generation = Volatile.Read(ref _generation);
        return _hypervisor.Map(page.Gpa, (uint)PageMask + 1, out page.Host).IsSuccess();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Settle(in MappedPage page, bool worked)
    {
        if (page.IsKept)
        {
            Drop(in page);
            return;
        }

        if (Retired.IsFull)
            Retired.Collect();
        if (!worked || !TryKeep(in page))
            _hypervisor.Unmap(page.Host);
    }

    /// <summary>Puts a mapping into the cache. False: it is still the caller's.</summary>
    private bool TryKeep(in MappedPage page)
    {
        byte* replaced = null;
        if (!_writer.TryEnter())
            return false;

        try
        {
            if (page.Generation != _generation)
                return false;

            Place* set = SetOf(page.Gpa);
            Place* free = null;
            for (Place* place = set; place < set + Ways; place++)
            {
                if ((place->Tag & Valid) == 0)
                    free = place;
                else if ((place->Tag & ~PageMask) == page.Gpa)
                    return false;
            }

            if (free == null)
            {
                if (Retired.IsFull)
                    return false;
                free = set + (_next++ & (Ways - 1));
                replaced = Empty(free);
            }

            ulong changes = (free->Tag + Change) & PageMask;
            Volatile.Write(ref free->Host, (nint)page.Host);
            Volatile.Write(ref free->Tag, page.Gpa | changes | Valid);
            _count++;
        }
        finally
        {
            _writer.Exit();
        }

        if (replaced != null)
            Retired.Retire(replaced);
        return true;
    }

    /// <summary>Takes a mapping that faulted out of the cache, unless another thread has done so.</summary>
    private void Drop(in MappedPage page)
    {
        byte* dropped = null;
        lock (_writer)
        {
            Place* set = SetOf(page.Gpa);
            for (Place* place = set; place < set + Ways && !Retired.IsFull; place++)
            {
                if ((place->Tag & (~PageMask | Valid)) == (page.Gpa | Valid) && (byte*)place->Host == page.Host)
                    dropped = Empty(place);
            }
        }

        if (dropped != null)
            Retired.Retire(dropped);
    }

    /// <summary>Empties a place; returns the mapping, which is not published any more.</summary>
    private byte* Empty(Place* place)
    {
        Volatile.Write(ref place->Tag, (place->Tag + Change) & PageMask & ~Valid);
        _count--;
        return (byte*)place->Host;
    }

    /// <summary>A place of the cache.</summary>
    /// <remarks>
    /// <code>
    /// offset size  field
    ///      0    8  Tag    bit 0: valid; bits 1 to 11: changes of the place; the rest: guest-physical address of the page
    ///      8    8  Host   where the page is
    /// </code>
    /// </remarks>
    [StructLayout(LayoutKind.Sequential)]
    private struct Place
    {
        public ulong Tag;
        public nint Host;
    }
}
