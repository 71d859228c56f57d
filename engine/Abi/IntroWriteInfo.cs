using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Bytes before and after a write (INTRO_WRITE_INFO), 136 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IntroWriteInfo
{
    /// <summary>Bytes of each value that are shown at most.</summary>
    public const int ValueBytes = 64;

    /// <summary>What the value is where it could not be read or computed (spec/43, section 5).</summary>
    public const ulong UnknownValue = 0xBADDEAD;

    /// <summary>Bytes before the write, in memory order.</summary>
    public fixed ulong OldValue[8];

    /// <summary>Bytes of the write, in memory order.</summary>
    public fixed ulong NewValue[8];

    /// <summary>Size of the store in bytes, which may be more than is shown.</summary>
    public uint Size;
}
