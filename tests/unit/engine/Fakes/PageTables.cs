using System;
using Engine.Memory;

namespace Tests.Unit.Fakes;

/// <summary>Builds page tables of any paging mode in a test's memory, and tells where each entry is so that a test can spoil it.</summary>
internal sealed class PageTables
{
    public const ulong Present = 1;
    public const ulong Writable = 2;
    public const ulong LargePage = 0x80;
    public const ulong NoExecute = 1UL << 63;

    private readonly GuestRam _ram;
    private readonly PagingMode _mode;
    private ulong _nextTable;

    public PageTables(GuestRam ram, PagingMode mode, ulong firstTable)
    {
        _ram = ram;
        _mode = mode;
        _nextTable = firstTable;
        Root = NewTable();
    }

    /// <summary>Guest-physical address of the top table.</summary>
    public ulong Root { get; }

    /// <summary>The registers that make a vCPU use them.</summary>
    public PagingContext Context => new(Cr0, Root, Cr4, Efer);

    public ulong Cr0 => _mode == PagingMode.None ? 1 : 0x8000_0001;

    public ulong Cr4 => _mode switch
    {
        PagingMode.Level5 => (1UL << 5) | (1UL << 12),
        PagingMode.Level4 or PagingMode.Pae => 1UL << 5,
        PagingMode.Bits32 => 1UL << 4,
        _ => 0,
    };

    /// <summary>With NXE, where there is XD.</summary>
    public ulong Efer => _mode switch { PagingMode.Level4 or PagingMode.Level5 => 0xD00UL, PagingMode.Pae => 0x800UL, _ => 0 };

    private int TopLevel => _mode switch { PagingMode.Level5 => 5, PagingMode.Level4 => 4, PagingMode.Pae => 3, _ => 2 };

    private bool Bits32 => _mode == PagingMode.Bits32;

    /// <summary>Maps one page. <paramref name="leafLevel"/> 1: 4 KiB; 2: 2 MiB, or 4 MiB in 32-bit paging; 3: 1 GiB.</summary>
    public void Map(ulong linear, ulong physical, int leafLevel = 1)
    {
        ulong entry = leafLevel == 1 ? physical : physical | LargePage;
        if (Bits32 && leafLevel == 2)
            entry = (physical & 0xFFC0_0000) | ((physical >> 32) << 13) | LargePage;
        ulong address = EntryAddress(linear, leafLevel, create: true);
        WriteEntry(address, entry | Present | Writable);
    }

    /// <summary>Maps a run of 4 KiB pages to a run of frames.</summary>
    public void MapRun(ulong linear, ulong physical, int pages)
    {
        for (int i = 0; i < pages; i++)
            Map(linear + ((ulong)i * GuestRam.PageSize), physical + ((ulong)i * GuestRam.PageSize));
    }

    /// <summary>Guest-physical address of the entry that a walk for a linear address reads at a level.</summary>
    public ulong EntryAddress(ulong linear, int level, bool create = false)
    {
        ulong table = Root;
        for (int at = TopLevel; ; at--)
        {
            ulong address = table + IndexAt(linear, at);
            if (at == level)
                return address;

            ulong entry = ReadEntry(address);
            if ((entry & Present) == 0)
            {
                if (!create)
                    throw new InvalidOperationException("not mapped");

                // The pointers of PAE have no R/W bit: it is reserved there.
                entry = NewTable() | Present | (_mode == PagingMode.Pae && at == 3 ? 0 : Writable);
                WriteEntry(address, entry);
            }

            table = entry & 0x000F_FFFF_FFFF_F000;
        }
    }

    public ulong ReadEntry(ulong address) => Bits32 ? _ram.Read<uint>(address) : _ram.Read<ulong>(address);

    public void WriteEntry(ulong address, ulong value)
    {
        if (Bits32)
            _ram.Write(address, (uint)value);
        else
            _ram.Write(address, value);
    }

    /// <summary>Changes an entry: sets bits, then clears others.</summary>
    public void Spoil(ulong linear, int level, ulong set = 0, ulong clear = 0)
    {
        ulong address = EntryAddress(linear, level);
        WriteEntry(address, (ReadEntry(address) | set) & ~clear);
    }

    private ulong IndexAt(ulong linear, int level) => Bits32
        ? ((linear >> (level == 2 ? 22 : 12)) & 0x3FF) * 4
        : ((linear >> (12 + (9 * (level - 1)))) & (_mode == PagingMode.Pae && level == 3 ? 3UL : 0x1FFUL)) * 8;

    private ulong NewTable()
    {
        ulong table = _nextTable;
        _nextTable += GuestRam.PageSize;
        _ram.ClearPage(table);
        return table;
    }
}
