using System;
using System.Runtime.CompilerServices;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <summary>Writes an instruction as text: its bytes in hexadecimal, two blanks, its mnemonic. Operands are left to whoever shows
/// it, who has the bytes.</summary>
internal static unsafe class InstructionText
{
    /// <summary>Bytes that the longest text needs, its NUL included: 15 bytes, blanks, a mnemonic.</summary>
    public const int MaxLength = (3 * Limits.MaxInstructionLength) + 1 + MnemonicNames.MaxLength;

    /// <summary>Writes the text and a NUL; an instruction that was not decoded gives an empty text. Returns the length without
    /// the NUL.</summary>
    public static int Write(in VcpuInstruction instruction, Span<byte> text)
    {
        int length = 0;
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        for (int i = 0; i < instruction.Length; i++)
        {
            byte value = Unsafe.Add(ref Unsafe.AsRef(in instruction.Bytes[0]), i);
            text[length++] = digits[value >> 4];
            text[length++] = digits[value & 15];
            text[length++] = (byte)' ';
        }

        if (length != 0)
        {
            text[length++] = (byte)' ';
            return length + MnemonicNames.Copy(instruction.Mnemonic, text[length..]);
        }

        text[0] = 0;
        return 0;
    }
}
