using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <summary>Uses the decoder and the text once, so that no exit pays for their tables (1.5 ms the first time).</summary>
internal static unsafe class InstructionWarmup
{
    /// <summary>Decodes a few instructions of a page of this process and writes one as text.</summary>
    public static void Run()
    {
        ReadOnlySpan<byte> code = [0x48, 0x89, 0x37, 0xF3, 0xAA, 0x0F, 0x11, 0x07, 0xF0, 0x48, 0x0F, 0xBA, 0x2F, 0x00, 0x57];
        void* page = NativeMemory.AlignedAlloc(4096, 4096);
        try
        {
            Span<byte> bytes = new(page, 4096);
            bytes.Clear();
            code.CopyTo(bytes);

            GuestMemory memory = new();
            memory.TryAdd(0, 4096, (byte*)page, out _);
            using VcpuTable vcpus = new(1);
            VcpuState* vcpu = vcpus[0];
            vcpu->CsType = IgCsType.Bits64;
            vcpu->PushedMask = VcpuRegisters.Sufficient;

            InstructionUnit unit = new();
            Span<byte> text = stackalloc byte[InstructionText.MaxLength];
            Span<byte> value = stackalloc byte[sizeof(ulong)];
            while (vcpu->Regs.Rip < (ulong)code.Length && unit.Decode(memory, vcpu).IsSuccess())
            {
                unit.TryFindStore(memory, vcpu, 0, out _);
                unit.TryComputeStore(vcpu, value, out _);
                InstructionText.Write(in vcpu->Instruction, text);
                vcpu->Regs.Rip += vcpu->Instruction.Length;
            }
        }
        finally
        {
            NativeMemory.AlignedFree(page);
        }
    }
}
