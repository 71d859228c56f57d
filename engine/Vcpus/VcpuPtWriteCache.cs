using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>The page-table entry that an exit has just completed, 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuPtWriteCache
{
    /// <summary>Guest-physical address of the entry.</summary>
    public ulong PteAddress;

    /// <summary>Its new value.</summary>
    public ulong Value;

    /// <summary>1: there is one.</summary>
    public byte Valid;

    /// <summary>0.</summary>
    public fixed byte Reserved[7];
}
