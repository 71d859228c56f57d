using Engine.Abi;
using Engine.Memory;

namespace Tests.Unit.Fakes;

/// <summary>
/// A page walk written from the tables of the SDM (3A, 4.3 to 4.5) one level after another, without a look at the engine's. It
/// shares nothing with it but the statuses.
/// </summary>
internal static class ReferenceWalk
{
    public static (IntStatus Status, ulong Physical) Translate(GuestRam ram, PagingMode mode, ulong cr3, bool pse, ulong linear) =>
        mode switch
        {
            PagingMode.Bits32 => Bits32(ram, cr3, pse, (uint)linear),
            PagingMode.Pae => Pae(ram, cr3, (uint)linear),
            PagingMode.Level4 => IsCanonical(linear, 47) ? Pml4(ram, Bits(cr3, 51, 12) << 12, linear) : (IntStatus.InvalidParameter2, 0),
            PagingMode.Level5 => IsCanonical(linear, 56) ? Pml5(ram, Bits(cr3, 51, 12) << 12, linear) : (IntStatus.InvalidParameter2, 0),
            _ => (IntStatus.Success, Bits(linear, 31, 0)),
        };

    private static (IntStatus, ulong) Bits32(GuestRam ram, ulong cr3, bool pse, uint linear)
    {
        ulong pdeAddress = (Bits(cr3, 31, 12) << 12) | (Bits(linear, 31, 22) << 2);
        if (!ram.Contains(pdeAddress, 4))
            return (IntStatus.AccessViolation, 0);
        ulong pde = ram.Read<uint>(pdeAddress);
        if (Bits(pde, 0, 0) == 0)
            return (IntStatus.NoMappingStructures, 0);
        if (pse && Bits(pde, 7, 7) == 1)
            return (IntStatus.Success, (Bits(pde, 20, 13) << 32) | (Bits(pde, 31, 22) << 22) | Bits(linear, 21, 0));

        ulong pteAddress = (Bits(pde, 31, 12) << 12) | (Bits(linear, 21, 12) << 2);
        if (!ram.Contains(pteAddress, 4))
            return (IntStatus.AccessViolation, 0);
        ulong pte = ram.Read<uint>(pteAddress);
        return Bits(pte, 0, 0) == 0
            ? (IntStatus.PageNotPresent, 0)
            : (IntStatus.Success, (Bits(pte, 31, 12) << 12) | Bits(linear, 11, 0));
    }

    private static (IntStatus, ulong) Pae(GuestRam ram, ulong cr3, uint linear)
    {
        if (!TryEntry(ram, (Bits(cr3, 31, 5) << 5) + (Bits(linear, 31, 30) * 8), out ulong pdpte))
            return (IntStatus.AccessViolation, 0);
        return Bits(pdpte, 0, 0) == 0
            ? (IntStatus.NoMappingStructures, 0)
            : Directory(ram, Bits(pdpte, 51, 12) << 12, linear);
    }

    private static (IntStatus, ulong) Pml5(GuestRam ram, ulong table, ulong linear)
    {
        if (!TryEntry(ram, table + (Bits(linear, 56, 48) * 8), out ulong entry))
            return (IntStatus.AccessViolation, 0);
        if (Bits(entry, 0, 0) == 0)
            return (IntStatus.NoMappingStructures, 0);
        return Bits(entry, 7, 7) == 1 ? (IntStatus.CorruptedData, 0) : Pml4(ram, Bits(entry, 51, 12) << 12, linear);
    }

    private static (IntStatus, ulong) Pml4(GuestRam ram, ulong table, ulong linear)
    {
        if (!TryEntry(ram, table + (Bits(linear, 47, 39) * 8), out ulong entry))
            return (IntStatus.AccessViolation, 0);
        if (Bits(entry, 0, 0) == 0)
            return (IntStatus.NoMappingStructures, 0);
        if (Bits(entry, 7, 7) == 1)
            return (IntStatus.CorruptedData, 0);

        if (!TryEntry(ram, (Bits(entry, 51, 12) << 12) + (Bits(linear, 38, 30) * 8), out ulong pointer))
            return (IntStatus.AccessViolation, 0);
        if (Bits(pointer, 0, 0) == 0)
            return (IntStatus.NoMappingStructures, 0);
        return Bits(pointer, 7, 7) == 1
            ? (IntStatus.Success, (Bits(pointer, 51, 30) << 30) | Bits(linear, 29, 0))
            : Directory(ram, Bits(pointer, 51, 12) << 12, linear);
    }

    private static (IntStatus, ulong) Directory(GuestRam ram, ulong table, ulong linear)
    {
        if (!TryEntry(ram, table + (Bits(linear, 29, 21) * 8), out ulong pde))
            return (IntStatus.AccessViolation, 0);
        if (Bits(pde, 0, 0) == 0)
            return (IntStatus.NoMappingStructures, 0);
        if (Bits(pde, 7, 7) == 1)
            return (IntStatus.Success, (Bits(pde, 51, 21) << 21) | Bits(linear, 20, 0));

        if (!TryEntry(ram, (Bits(pde, 51, 12) << 12) + (Bits(linear, 20, 12) * 8), out ulong pte))
            return (IntStatus.AccessViolation, 0);
        return Bits(pte, 0, 0) == 0
            ? (IntStatus.PageNotPresent, 0)
            : (IntStatus.Success, (Bits(pte, 51, 12) << 12) | Bits(linear, 11, 0));
    }

    private static bool TryEntry(GuestRam ram, ulong address, out ulong entry)
    {
        bool there = ram.Contains(address, 8);
        entry = there ? ram.Read<ulong>(address) : 0;
        return there;
    }

    /// <summary>Bits high to low, both included.</summary>
    private static ulong Bits(ulong value, int high, int low) =>
        high - low == 63 ? value : (value >> low) & ((1UL << (high - low + 1)) - 1);

    private static bool IsCanonical(ulong linear, int signBit) =>
        linear >> signBit == 0 || linear >> signBit == (1UL << (64 - signBit)) - 1;
}
