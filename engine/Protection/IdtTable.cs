using System;

namespace Engine.Protection;

/// <summary>An interrupt descriptor table that is guarded.</summary>
internal sealed class IdtTable
{
    public IdtTable(ulong linear, int length, int gateSize, ulong[] pages)
    {
        Linear = linear;
        Length = length;
        GateSize = gateSize;
        Pages = pages;
    }

    /// <summary>Linear address of its first byte.</summary>
    public ulong Linear { get; }

    /// <summary>Its bytes.</summary>
    public int Length { get; }

    /// <summary>Bytes of a gate: 16 in IA-32e mode, else 8 (SDM 3A, 6.11 and 6.14.1).</summary>
    public int GateSize { get; }

    /// <summary>vCPUs that it is guarded for; 0: it is not any more. Under the lock of its owner.</summary>
    public int Users { get; set; }

    /// <summary>Whether all that another table has is guarded with this one.</summary>
    public bool Covers(IdtTable other) =>
        Linear == other.Linear && GateSize == other.GateSize && Length >= other.Length && Pages.AsSpan().StartsWith(other.Pages);

    /// <summary>Guest-physical address of the table's part in each of the linear pages that it touches.</summary>
    public ulong[] Pages { get; }

    /// <summary>Number of the gate at an offset in one of its pages.</summary>
    public byte GateAt(int page, int offsetInPage)
    {
        ulong linear = (Linear & ~0xFFFUL) + ((ulong)page << 12) + (ulong)offsetInPage;
        return (byte)((linear - Linear) / (ulong)GateSize);
    }
}
