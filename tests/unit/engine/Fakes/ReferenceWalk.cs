using System.Collections.Generic;
using System.Linq;
using Engine.Abi;
using Engine.Memory;

namespace Tests.Unit.Fakes;

/// <summary>
/// A page walk written from the tables of the SDM (3A, 4-4 to 4-20): a list of levels a mode, each with the bits of the address
/// that index it, the page that its entry can be, and the bits that are reserved. It shares nothing with the engine's but the
/// statuses.
/// </summary>
internal static class ReferenceWalk
{
    /// <summary>One level. <paramref name="PageBits"/>: low bits of the address that are the offset if its entry is a page; 0: it
    /// never is. <paramref name="Always"/>: it is the last one.</summary>
    private sealed record Level(int High, int Low, int PageBits, bool Always, bool HasRights, string ReservedInTable, string ReservedInPage);

    private static readonly Level s_pml5 = new(56, 48, 0, false, true, "7", "");
    private static readonly Level s_pml4 = new(47, 39, 0, false, true, "7", "");
    private static readonly Level s_pointers = new(38, 30, 30, false, true, "", "29-13");
    private static readonly Level s_directory = new(29, 21, 21, false, true, "", "20-13");
    private static readonly Level s_table = new(20, 12, 12, true, true, "", "");
    private static readonly Level s_paePointers = new(31, 30, 0, false, false, "1-2 5-8 52-63", "");
    private static readonly Level s_paeDirectory = new(29, 21, 21, false, true, "52-62", "52-62 20-13");
    private static readonly Level s_paeTable = new(20, 12, 12, true, true, "", "52-62");
    private static readonly Level s_directory32 = new(31, 22, 22, false, true, "", "21");
    private static readonly Level s_table32 = new(21, 12, 12, true, true, "", "");

    public static ReferenceTranslation Translate(
        GuestRam ram, PagingMode mode, ulong cr3, bool pse, bool nxe, int physicalBits, ulong linear)
    {
        ReferenceTranslation result = new() { Status = IntStatus.Success };
        (Level[] levels, int width, ulong table) = mode switch
        {
            PagingMode.Level5 => (new[] { s_pml5, s_pml4, s_pointers, s_directory, s_table }, 57, Bits(cr3, 51, 12) << 12),
            PagingMode.Level4 => (new[] { s_pml4, s_pointers, s_directory, s_table }, 48, Bits(cr3, 51, 12) << 12),
            PagingMode.Pae => (new[] { s_paePointers, s_paeDirectory, s_paeTable }, 32, Bits(cr3, 31, 5) << 5),
            PagingMode.Bits32 => (new[] { s_directory32, s_table32 }, 32, Bits(cr3, 31, 12) << 12),
            _ => ([], 32, 0UL),
        };
        if (width == 32)
        {
            linear = Bits(linear, 31, 0);
        }
        else if (linear >> (width - 1) is not 0 && linear >> (width - 1) != (1UL << (65 - width)) - 1)
        {
            result.Status = IntStatus.InvalidParameter2;
            return result;
        }

        if (levels.Length == 0)
        {
            result.Physical = linear;
            result.PageSize = 4096;
        }

        foreach (Level level in levels)
        {
            result.Status = Step(ram, mode, level, pse, nxe, physicalBits, linear, ref table, result);
            if (result.Status != IntStatus.Success || result.PageSize != 0)
                break;
        }

        return result;
    }

    private static IntStatus Step(
        GuestRam ram, PagingMode mode, Level level, bool pse, bool nxe, int physicalBits, ulong linear, ref ulong table,
        ReferenceTranslation result)
    {
        uint size = mode == PagingMode.Bits32 ? 4U : 8U;
        ulong address = table + (Bits(linear, level.High, level.Low) * size);
        if (!ram.Contains(address, size))
            return IntStatus.AccessViolation;
        ulong entry = size == 4 ? ram.Read<uint>(address) : ram.Read<ulong>(address);
        result.Trace.Add((address, entry));
        if (Bits(entry, 0, 0) == 0)
            return level.Always ? IntStatus.PageNotPresent : IntStatus.NoMappingStructures;

        bool isPage = level.Always || (level.PageBits != 0 && Bits(entry, 7, 7) == 1 && (size == 8 || pse));
        ulong frame = size == 8 ? Bits(entry, 51, 12) << 12
            : isPage && !level.Always ? (Bits(entry, 20, 13) << 32) | (Bits(entry, 31, 22) << 22)
            : Bits(entry, 31, 12) << 12;
        bool bad = Reserved(isPage ? level.ReservedInPage : level.ReservedInTable).Any(bit => Bits(entry, bit, bit) == 1) ||
            frame >> physicalBits != 0 || (size == 8 && level.HasRights && !nxe && Bits(entry, 63, 63) == 1);
        if (bad)
            return IntStatus.CorruptedData;

        if (level.HasRights)
            result.Counted.Add(entry);
        table = frame;
        if (isPage)
        {
            result.PageSize = 1UL << level.PageBits;
            result.Physical = (frame >> level.PageBits << level.PageBits) + Bits(linear, level.PageBits - 1, 0);
        }

        return IntStatus.Success;
    }

    private static IEnumerable<int> Reserved(string ranges) => ranges
        .Split(' ', System.StringSplitOptions.RemoveEmptyEntries)
        .Select(range => range.Split('-').Select(int.Parse).ToArray())
        .SelectMany(ends => Enumerable.Range(ends.Min(), ends.Max() - ends.Min() + 1));

    /// <summary>Bits high to low, both included.</summary>
    private static ulong Bits(ulong value, int high, int low) =>
        high - low == 63 ? value : (value >> low) & ((1UL << (high - low + 1)) - 1);
}
