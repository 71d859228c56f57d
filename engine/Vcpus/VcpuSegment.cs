using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>A segment register as the processor caches it (VCPU_SEGMENT), 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct VcpuSegment
{
    /// <summary>Linear address of its first byte.</summary>
    public ulong Base;

    /// <summary>Its last byte's offset.</summary>
    public uint Limit;

    /// <summary>Selector.</summary>
    public ushort Selector;

    /// <summary>Access rights as in a VMCS (SDM 3C, 24.4.1).</summary>
    public ushort Attributes;
}
