using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>A page-table store that was judged or performed, 24 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuPtEmuBuffer
{
    /// <summary>The entry before.</summary>
    public ulong Old;

    /// <summary>The entry after.</summary>
    public ulong New;

    /// <summary>1: there is one.</summary>
    public byte Valid;

    /// <summary>1: the store has been performed, and RIP moved.</summary>
    public byte Emulated;

    /// <summary>1: it is narrower than the entry.</summary>
    public byte Partial;

    /// <summary>0.</summary>
    public fixed byte Reserved[5];
}
