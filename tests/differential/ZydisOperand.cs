using System.Runtime.InteropServices;
using Engine.Vcpus;

namespace Tests.Differential;

/// <summary>A memory operand as zydis-decoder.c writes it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal unsafe struct ZydisOperand
{
    public const byte Hidden = 1;
    public const byte Vector = 2;
    public const byte Unknown = 4;

    /// <summary>Offset in its segment.</summary>
    public ulong Address;

    /// <summary>Its bytes.</summary>
    public uint Size;

    /// <summary>1 read, 2 written, 4 conditionally: as OperandAccess.</summary>
    public byte Access;

    /// <summary>ES CS SS DS FS GS, from 0.</summary>
    public byte Segment;

    /// <summary><see cref="Hidden"/> and the others.</summary>
    public byte Flags;

    /// <summary>Its linear address in 64-bit code: Zydis gives no bases, and for what is pushed the stack pointer before.</summary>
    public readonly ulong LinearIn(VcpuState* vcpu)
    {
        ulong linear = Address + (Segment == 4 ? vcpu->Segments[4].Base : Segment == 5 ? vcpu->Segments[5].Base : 0);
        bool isPushed = (Flags & Hidden) != 0 && Segment == 2 && (Access & 2) != 0;
        return isPushed ? linear - Size : linear;
    }
}
