using System.Runtime.CompilerServices;

namespace Engine.Memory;

/// <summary>
/// What one page walk found, from the root to the leaf or to where it ended. The entries are those that were read, each once, so
/// that nothing in here can change any more; the guest's may.
/// </summary>
internal struct Translation
{
    /// <summary>Entries that a walk reads at most.</summary>
    public const int MaxLevels = 5;

    private Trace _addresses;
    private Trace _entries;
    private Trace _hosts;
    private ulong _all;
    private ulong _any;
    private ulong _leaf;

    /// <summary>The linear address, cut to 32 bits where the mode ignores the rest.</summary>
    public ulong Linear { get; private set; }

    /// <summary>The guest-physical address; 0 unless the walk succeeded.</summary>
    public ulong Physical { get; private set; }

    /// <summary>Bytes of the page: 4 KiB, 2 MiB, 4 MiB, 1 GiB; 0 unless the walk succeeded.</summary>
    public ulong PageSize { get; private set; }

    /// <summary>Mode of the walk.</summary>
    public PagingMode Mode { get; private set; }

    /// <summary>Number of entries that were read; the last of them ended the walk.</summary>
    public int Count { get; private set; }

    /// <summary>The entry that was read last, as it is in memory: the leaf, or the one that is absent or wrong.</summary>
    public readonly ulong Leaf => _leaf;

    /// <summary>The rights of the levels that were present.</summary>
    public readonly PageRights Rights => new(_all, _any, _leaf);

    /// <summary>Bytes of an entry.</summary>
    public readonly int EntrySize => Mode == PagingMode.Bits32 ? sizeof(uint) : sizeof(ulong);

    /// <summary>Index of the page's memory type in IA32_PAT (SDM 3A, 12.12.3). With paging off, 0.</summary>
    public readonly int PatIndex
    {
        get
        {
            bool high = (_leaf & (PageSize > 4096 ? PageEntry.PatLarge : PageEntry.Pat4K)) != 0;
            return Mode == PagingMode.None ? 0 : (high ? 4 : 0) | ((int)(_leaf >> 3) & 3);
        }
    }

    /// <summary>Memory type by the page's attributes alone: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, 7 UC-.</summary>
    /// <param name="pat">IA32_PAT of the vCPU.</param>
    public readonly int MemoryType(ulong pat) => (int)(pat >> (8 * PatIndex)) & 7;

    /// <summary>Guest-physical address of an entry, from 0 at the root to <see cref="Count"/> - 1.</summary>
    public readonly ulong AddressOf(int level) => _addresses[level];

    /// <summary>An entry as it was read, from 0 at the root to <see cref="Count"/> - 1.</summary>
    public readonly ulong EntryOf(int level) => _entries[level];

    /// <summary>Begins a walk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Begin(out Translation translation, PagingMode mode, ulong linear)
    {
        // The traces beyond Count are never looked at.
        Unsafe.SkipInit(out translation);
        translation.Linear = linear;
        translation.Physical = 0;
        translation.PageSize = 0;
        translation.Mode = mode;
        translation.Count = 0;
        translation._all = ulong.MaxValue;
        translation._any = 0;
        translation._leaf = 0;
    }

    /// <summary>Where an entry was read in this process, while its reader's claim lasts; 0: not in declared memory.</summary>
    internal readonly ulong HostOf(int level) => _hosts[level];

    /// <summary>Notes an entry that was read, as the one of that number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe void Note(int number, ulong address, ulong entry, byte* host)
    {
        Unsafe.Add(ref Unsafe.As<Trace, ulong>(ref _addresses), number) = address;
        Unsafe.Add(ref Unsafe.As<Trace, ulong>(ref _entries), number) = entry;
        Unsafe.Add(ref Unsafe.As<Trace, ulong>(ref _hosts), number) = (ulong)host;
    }

    /// <summary>Ends the reading: number of entries, those that have rights put together, and the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void EndReading(int count, ulong all, ulong any, ulong leaf)
    {
        Count = count;
        _all = all;
        _any = any;
        _leaf = leaf;
    }

    /// <summary>Ends a walk at a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void End(ulong physical, ulong pageSize)
    {
        Physical = physical;
        PageSize = pageSize;
    }

    /// <summary>Ends a walk without paging.</summary>
    internal void EndUnpaged()
    {
        End(Linear, 4096);
        _leaf = PageRights.Unrestricted.Leaf;
    }

    [InlineArray(MaxLevels)]
    private struct Trace
    {
        private ulong _first;
    }
}
