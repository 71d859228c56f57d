using System;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Engine.Instructions;
using Engine.Vcpus;

namespace Bench;

/// <summary>Case (j): the instruction at RIP is fetched through the page tables and decoded.</summary>
public unsafe class Decoding : IDisposable
{
    private const int Instructions = 64;

    private readonly BenchRam _ram = new();
    private readonly InstructionUnit _unit = new();
    private readonly VcpuState* _vcpu = (VcpuState*)NativeMemory.AlignedAlloc(VcpuState.ByteSize, 64);

    [GlobalSetup]
    public void Setup()
    {
        NativeMemory.Clear(_vcpu, VcpuState.ByteSize);
        BenchRam.Push(_vcpu);
        for (int i = 0; i < Instructions; i++)
        {
            // MOV to memory with every base and source register there is, 16 bytes apart.
            Span<byte> code = new(_ram.Pointer + BenchRam.Code + (i * 16), 3);
            ((ReadOnlySpan<byte>)[(byte)(0x48 | (i & 4)), 0x89, (byte)(0x40 | (i & 0x38) | (i & 3))]).CopyTo(code);
        }
    }

    [Benchmark]
    public int SameInstruction()
    {
        _vcpu->Regs.Rip = BenchRam.Linear + BenchRam.Code;
        _unit.Decode(_ram.Memory, _vcpu);
        return _vcpu->Instruction.Length;
    }

    [Benchmark(OperationsPerInvoke = Instructions)]
    public int ManyInstructions()
    {
        int length = 0;
        for (int i = 0; i < Instructions; i++)
        {
            _vcpu->Regs.Rip = BenchRam.Linear + BenchRam.Code + ((ulong)i * 16);
            _unit.Decode(_ram.Memory, _vcpu);
            length += _vcpu->Instruction.Length;
        }

        return length;
    }

    public void Dispose()
    {
        _ram.Dispose();
        NativeMemory.AlignedFree(_vcpu);
        GC.SuppressFinalize(this);
    }
}
