using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Memory;

/// <summary>
/// Translations of one vCPU, each with the paging entries that it came from. A hit counts only if every one of these entries, read
/// again, is what it was; so nothing has to be invalidated when the guest changes its tables, and nothing goes stale.
/// </summary>
/// <remarks>
/// <para>What is guaranteed: every entry of a hit was in memory, with the value that was used, at some moment during the look-up.
/// That is what a walk guarantees, no more and no less. The processor's own TLB may still hold an older translation: where an
/// exit reports an address, that counts.</para>
/// <para>Hot path: entries in declared memory are read through the addresses in this process that were found with them. Such an
/// address is good as long as no declared memory has been taken back (<see cref="GuestMemory.Generation"/>), and until the
/// caller's claim ends: whoever takes memory back waits for that. Entries elsewhere are read through <see cref="GuestMemory"/>
/// each time, and so never through a mapping that was given back.</para>
/// <para>Size: <see cref="Limits.CachedTranslations"/> places of 128 bytes, 32 KiB a vCPU, in unmanaged memory; nothing is allocated
/// afterwards. A translation has one place, by the hash of page and root: who makes two of them collide pays with a walk
/// each time.</para>
/// <para>Thread safety: one thread, that which holds the claim of the vCPU.</para>
/// </remarks>
internal sealed unsafe class TranslationCache : IDisposable
{
    private const ulong PageMask = 0xFFF;
    private const ulong Scatter = 0x9E37_79B9_7F4A_7C15;
    private const int HashShift = 64 - 8;
    private const int LineBytes = 64;

    /// <summary>In every key, so that an empty place has none.</summary>
    private const ulong InUse = 1 << 11;

    private byte* _storage;
    private Place* _places;

    public TranslationCache()
    {
        _storage = (byte*)NativeMemory.AllocZeroed(((nuint)Limits.CachedTranslations * (nuint)sizeof(Place)) + LineBytes);
        _places = (Place*)(((nuint)_storage + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }

    /// <summary>Finds a translation whose entries are still what they were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical) =>
        TryFindDirect(memory, in paging, linear, out physical) || TryFind(memory, in paging, linear, out physical, out _);

    /// <summary>The same, among the translations whose tables are declared in 4-level and 5-level paging: nothing is called for them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFindDirect(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical)
    {
        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        physical = place->Frame | (linear & PageMask);
        if (place->Key != key || place->Root != root || place->Generation != memory.Generation || place->IsDirect == 0)
            return false;

        Step* step = &place->First;
        for (Step* end = step + place->Count; step < end; step++)
        {
            if (((Volatile.Read(ref *(ulong*)step->Where) ^ step->Entry) & ~PageEntry.SetByProcessor) != 0)
                return false;
        }

        return true;
    }

    /// <summary>The same, and the rights that the entries give now.</summary>
    public bool TryFind(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights)
    {
        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        physical = place->Frame | (linear & PageMask);
        rights = default;
        if (place->Key != key || place->Root != root || place->Generation != memory.Generation)
            return false;
        if (place->IsDirect == 0)
            return Recheck(memory, place, out rights);

        ulong all = ulong.MaxValue;
        ulong any = 0;
        ulong entry = 0;
        Step* step = &place->First;
        for (Step* end = step + place->Count; step < end; step++)
        {
            entry = Volatile.Read(ref *(ulong*)step->Where);
            if (((entry ^ step->Entry) & ~PageEntry.SetByProcessor) != 0)
                return false;
            all &= entry;
            any |= entry;
        }

        rights = new PageRights(all, any, entry);
        return true;
    }

    /// <summary>Remembers what a walk found that succeeded.</summary>
    /// <param name="generation"><see cref="GuestMemory.Generation"/> ahead of the walk: if memory was taken back meanwhile, the addresses
    /// that it found do not count.</param>
    /// <param name="paging">Registers of the walk.</param>
    /// <param name="linear">The address.</param>
    /// <param name="found">What it found.</param>
    public void Remember(ulong generation, in PagingContext paging, ulong linear, in Translation found)
    {
        int count = found.Count;
        if (count == 0)
            return;

        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        place->Key = key;
        place->Root = root;
        place->Frame = found.Physical & ~PageMask;
        place->Generation = generation;
        place->Count = (short)count;
        place->EntrySize = (short)found.EntrySize;
        place->RightsFrom = (short)(found.Mode == PagingMode.Pae ? 1 : 0);
        bool isDirect = true;
        Step* step = &place->First;
        for (int i = 0; i < count; i++, step++)
        {
            step->Where = found.HostOf(i);
            step->Entry = found.EntryOf(i);
            isDirect &= step->Where != 0;
        }

        place->IsDirect = (short)(isDirect ? 1 : 0);
        for (int i = 0; i < count && !isDirect; i++)
            (&place->First)[i].Where = found.AddressOf(i);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_storage);
        _storage = null;
        _places = null;
    }

    /// <summary>Page of the address, mode, and what else decides how entries are understood.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong KeyOf(in PagingContext paging, ulong linear)
    {
        if (paging.Mode < PagingMode.Level4)
            linear = (uint)linear;
        return (linear & ~PageMask) | InUse | (ulong)paging.Mode | (paging.HasLargePages32 ? 8UL : 0) | (paging.HasNoExecute ? 16UL : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Place* PlaceOf(ulong key, ulong root) => _places + (nint)((((key ^ root) >> 12) * Scatter) >> HashShift);

    /// <summary>Reads the entries again by their guest-physical addresses.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Recheck(GuestMemory memory, Place* place, out PageRights rights)
    {
        ulong all = ulong.MaxValue;
        ulong any = 0;
        ulong entry = 0;
        rights = default;
        Step* steps = &place->First;
        for (int i = 0; i < place->Count; i++)
        {
            if (!TryRead(memory, steps[i].Where, place->EntrySize, out entry) ||
                ((entry ^ steps[i].Entry) & ~PageEntry.SetByProcessor) != 0)
            {
                return false;
            }

            if (i >= place->RightsFrom)
            {
                all &= entry;
                any |= entry;
            }
        }

        rights = new PageRights(all, any, entry);
        return true;
    }

    private static bool TryRead(GuestMemory memory, ulong gpa, int size, out ulong entry)
    {
        if (size == sizeof(ulong))
            return memory.TryRead(gpa, out entry);

        bool there = memory.TryRead(gpa, out uint half);
        entry = half;
        return there;
    }

    /// <summary>One entry of a walk.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Step
    {
        public ulong Where;
        public ulong Entry;
    }

    /// <summary>A place of the cache.</summary>
    /// <remarks>
    /// <code>
    /// offset size  field
    ///      0    8  Key         page of the linear address, and bits of the mode; 0: empty
    ///      8    8  Root        first table
    ///     16    8  Frame       guest-physical address of the 4 KiB around the linear address
    ///     24    8  Generation  of the declared memory
    ///     32    2  Count       entries
    ///     34    2  RightsFrom  the first one that has rights
    ///     36    2  EntrySize   bytes of an entry
    ///     38    2  IsDirect    whether Where is an address in this process; else it is guest-physical
    ///     40   80  First, ...  up to five times Where (8), Entry (8)
    ///    120    8  (free)
    /// </code>
    /// </remarks>
    [StructLayout(LayoutKind.Explicit, Size = 2 * LineBytes)]
    private struct Place
    {
        [FieldOffset(0)]
        public ulong Key;
        [FieldOffset(8)]
        public ulong Root;
        [FieldOffset(16)]
        public ulong Frame;
        [FieldOffset(24)]
        public ulong Generation;
        [FieldOffset(32)]
        public short Count;
        [FieldOffset(34)]
        public short RightsFrom;
        [FieldOffset(36)]
        public short EntrySize;
        [FieldOffset(38)]
        public short IsDirect;
        [FieldOffset(40)]
        public Step First;
    }
}
