using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>An injection that was asked for and whose outcome is not known yet, 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuException
{
    /// <summary>1: there is one.</summary>
    public byte Valid;

    /// <summary>Vector.</summary>
    public byte Vector;

    /// <summary>0.</summary>
    public ushort Reserved;

    /// <summary>Error code.</summary>
    public uint ErrorCode;

    /// <summary>Address, for a page fault.</summary>
    public ulong Cr2;
}
