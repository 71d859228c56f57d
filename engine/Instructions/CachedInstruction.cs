using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>A decoded instruction with the bytes that it was decoded from, 84 bytes and 4 to spare.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    8  Rip          address in the code segment that it was decoded for
///      8   16  Low, High    its bytes; those after Length are of what follows it, and do not count
///     24   40  Instruction  the decoder's value
///     64    4  Code, Mnemonic   numbers of the decoder's tables
///     68    1  Bitness      16, 32 or 64; 0: nothing is here
///     69    1  Length       bytes of the instruction
///     70   14  Shape        its memory operands, once they are needed
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct CachedInstruction
{
    public ulong Rip;
    public ulong Low;
    public ulong High;
    public Instruction Instruction;
    public ushort Code;
    public ushort Mnemonic;
    public byte Bitness;
    public byte Length;
    public OperandShape Shape;

    /// <summary>Whether it was decoded at this address in this kind of code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsAt(ulong rip, int bitness) => Rip == rip && Bitness == bitness;

    /// <summary>Whether the first <paramref name="length"/> of its bytes, 1 to 15, are these.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Begins(ulong low, ulong high, int length) => length <= sizeof(ulong)
        ? (low ^ Low) << (64 - (8 * length)) == 0
        : low == Low && (high ^ High) << (128 - (8 * length)) == 0;
}
