using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>The vCPU at the exit (INTRO_CPUCTX), 152 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IntroCpuCtx
{
    /// <summary>Length of <see cref="Instruction"/>, in bytes.</summary>
    public const int InstructionLength = 128;

    /// <summary>1: a vCPU did it. 0: a device.</summary>
    public byte Valid;

    /// <summary>Number of the vCPU; all ones for a device.</summary>
    public uint Cpu;

    /// <summary>Instruction pointer.</summary>
    public ulong Rip;

    /// <summary>CR3 as the hardware has it.</summary>
    public ulong Cr3;

    /// <summary>NUL-terminated text of the instruction.</summary>
    public fixed byte Instruction[InstructionLength];
}
