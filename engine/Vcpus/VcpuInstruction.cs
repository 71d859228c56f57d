using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>The instruction that an exit decoded, for C to read (VCPU_INSTRUCTION), 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VcpuInstruction
{
    /// <summary>Linear address that it was read from.</summary>
    public ulong Rip;

    /// <summary>Number of the exact form, as the decoder's table has it.</summary>
    public ushort Code;

    /// <summary>Number of the mnemonic, as the decoder's table has it.</summary>
    public ushort Mnemonic;

    /// <summary>Its length in bytes; 0: nothing was decoded.</summary>
    public byte Length;

    /// <summary>16, 32 or 64.</summary>
    public byte Bitness;

    /// <summary>0.</summary>
    public fixed byte Reserved[2];

    /// <summary>Its bytes, of which <see cref="Length"/> are valid.</summary>
    public fixed byte Bytes[16];
}
