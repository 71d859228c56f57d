using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>Bytes that a read has to see instead of memory's, 80 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuPatchBuffer
{
    /// <summary>Linear address of the first.</summary>
    public ulong Gla;

    /// <summary>Number of bytes.</summary>
    public uint Size;

    /// <summary>1: there are some.</summary>
    public byte Valid;

    /// <summary>0.</summary>
    public fixed byte Reserved[3];

    /// <summary>The bytes.</summary>
    public fixed byte Data[64];
}
