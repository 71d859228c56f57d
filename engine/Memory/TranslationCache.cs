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

    /// <summary>No generation of declared memory.</summary>
    private const ulong NotDirect = 0;

    /// <summary>Entries that are compared of a direct translation at least.</summary>
    private const int DirectSteps = 4;

    /// <summary>In every key, so that an empty place has none.</summary>
    private const ulong InUse = 1 << 11;

    private byte* _storage;
    private Place* _places;

    public TranslationCache()
    {
        _storage = (byte*)NativeMemory.AllocZeroed(((nuint)Limits.CachedTranslations * (nuint)sizeof(Place)) + LineBytes);
        _places = (Place*)(((nuint)_storage + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }

    /// <summary>
    /// Finds a translation whose entries lie in declared memory, in 4-level or 5-level paging, and are still what they were. Calls
    /// nothing. What else is remembered, <see cref="TryRecheck"/> finds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical)
    {
        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        physical = place->Frame | (linear & PageMask);
        if (((place->Key ^ key) | (place->Root ^ root) | (place->Generation ^ memory.Generation)) != 0)
            return false;

        Step* step = &place->First;
        return IsSame(step) && IsSame(step + 1) && IsSame(step + 2) && IsSame(step + 3) &&
            (place->Count != Translation.MaxLevels || IsSame(step + 4));
    }

    /// <summary>The same, and the rights that the entries give now.</summary>
    public bool TryFind(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights)
    {
        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        physical = place->Frame | (linear & PageMask);
        rights = default;
        if (((place->Key ^ key) | (place->Root ^ root) | (place->Generation ^ memory.Generation)) != 0)
            return false;

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

    /// <summary>Finds a translation of the other kind, whose entries are read again by their guest-physical addresses.</summary>
    public bool TryRecheck(GuestMemory memory, in PagingContext paging, ulong linear, out ulong physical, out PageRights rights)
    {
        ulong key = KeyOf(in paging, linear);
        ulong root = paging.Root;
        Place* place = PlaceOf(key, root);
        physical = place->Frame | (linear & PageMask);
        rights = default;
        return place->Key == key && place->Root == root && place->Generation == NotDirect && Recheck(memory, place, out rights);
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
        place->Count = (uint)count;
        place->Mode = found.Mode;
        Step* step = &place->First;
        ulong missing = 0;
        for (int i = 0; i < count; i++, step++)
        {
            ulong where = found.HostOf(i);
            step->Where = where;
            step->Entry = found.EntryOf(i);
            missing |= where == 0 ? 1UL : 0;
        }

        // Fewer than four entries: those of a large page. Its last one stands for those that are not there.
        if (missing == 0)
        {
            for (Step* last = step - 1; count < DirectSteps; count++, step++)
                *step = *last;
            return;
        }

        place->Generation = NotDirect;
        for (int i = 0; i < count; i++)
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSame(Step* step) =>
        ((Volatile.Read(ref *(ulong*)step->Where) ^ step->Entry) & ~PageEntry.SetByProcessor) == 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static bool Recheck(GuestMemory memory, Place* place, out PageRights rights)
    {
        ulong* entries = stackalloc ulong[Translation.MaxLevels];
        Step* steps = &place->First;
        int count = (int)place->Count;
        rights = default;
        if (!memory.TryReadEntries(&steps->Where, sizeof(Step) / sizeof(ulong), count, place->Mode, entries))
            return false;

        ulong all = ulong.MaxValue;
        ulong any = 0;
        for (int i = 0; i < count; i++)
        {
            if (((entries[i] ^ steps[i].Entry) & ~PageEntry.SetByProcessor) != 0)
                return false;

            // The pointers of PAE have no rights.
            if (i != 0 || place->Mode != PagingMode.Pae)
            {
                all &= entries[i];
                any |= entries[i];
            }
        }

        rights = new PageRights(all, any, entries[count - 1]);
        return true;
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
    ///     24    8  Generation  of the declared memory, if Where are addresses in this process; NotDirect: they are guest-physical
    ///     32    4  Count       entries
    ///     36    4  Mode        of the walk
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
        public uint Count;
        [FieldOffset(36)]
        public PagingMode Mode;
        [FieldOffset(40)]
        public Step First;
    }
}
