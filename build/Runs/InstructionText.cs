using System;
using Iced.Intel;

namespace Build.Runs;

/// <summary>Disassembles the instruction of an alert.</summary>
public static class InstructionText
{
    private const int Bitness = 64;

    public static string Of(ReadOnlyMemory<byte> bytes, ulong rip)
    {
        if (bytes.IsEmpty)
            return "(unknown)";
        Instruction instruction = Decoder.Create(Bitness, new ByteArrayCodeReader(bytes.ToArray()), rip).Decode();
        if (instruction.IsInvalid)
            return "(undecodable)";
        StringOutput output = new();
        new IntelFormatter().Format(instruction, output);
        return output.ToStringAndReset();
    }
}
