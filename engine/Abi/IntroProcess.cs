using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>A process in an alert (INTRO_PROCESS), 1,744 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1744)]
public struct IntroProcess
{
    /// <summary>1: the other members hold something.</summary>
    [FieldOffset(0)]
    public byte Valid;

    /// <summary>Process id.</summary>
    [FieldOffset(4)]
    public uint Pid;

    /// <summary>CR3 of its address space.</summary>
    [FieldOffset(8)]
    public ulong Cr3;

    /// <summary>Keeps the alignment of the C structure.</summary>
    [FieldOffset(1728)]
    public ulong Context;
}
