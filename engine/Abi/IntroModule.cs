using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>A module in an alert (INTRO_MODULE), 1,064 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1064)]
public struct IntroModule
{
    /// <summary>1: the other members hold something.</summary>
    [FieldOffset(0)]
    public byte Valid;

    /// <summary>First linear address.</summary>
    [FieldOffset(8)]
    public ulong Base;
}
