using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Tests.Differential;

/// <summary>Leads the engine's decoding and its operands, and Zydis', through the same code, with the same registers.</summary>
internal sealed unsafe class OperandComparison : IDisposable
{
    private const ulong PageMask = 0xFFF;
    private const ulong FsBase = 0x0000_1234_5678_9000;
    private const ulong GsBase = 0xFFFF_8888_0000_1000;

    /// <summary>Differences that are said at most.</summary>
    private const int Shown = 40;

    private readonly byte* _host;
    private readonly GuestMemory _memory = new();
    private readonly InstructionUnit _unit = new();
    private readonly VcpuTable _vcpus = new(1);
    private readonly CodeSection _section;
    private readonly MemoryOperand[] _operands = new MemoryOperand[Limits.MaxMemoryOperands];

    public OperandComparison(CodeSection section, ReadOnlySpan<ulong> registers)
    {
        // Paging is off, so that the low half of an address is guest-physical.
        _section = section;
        ulong start = (uint)section.Address & ~PageMask;
        ulong size = ((((uint)section.Address & PageMask) + section.Size) | PageMask) + 1 + 0x1000;
        _host = (byte*)NativeMemory.AlignedAlloc((nuint)size, 4096);
        NativeMemory.Clear(_host, (nuint)size);
        section.Read().CopyTo(new Span<byte>(_host + (section.Address & PageMask), (int)section.Size));
        _memory.TryAdd(start, size, _host, out _);

        VcpuState* vcpu = _vcpus[0];
        registers.CopyTo(MemoryMarshal.CreateSpan(ref vcpu->Regs.Rax, 16));
        vcpu->Regs.Cr0 = 1;
        vcpu->CsType = IgCsType.Bits64;
        vcpu->Ia32Efer = 0x500;
        vcpu->Xcr0 = 3;
        vcpu->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Segments | VcpuRegisters.Flags | VcpuRegisters.Xcr0;
        vcpu->Segments[4].Base = FsBase;
        vcpu->Segments[5].Base = GsBase;
    }

    /// <summary>Instructions that were compared.</summary>
    public int Instructions { get; private set; }

    /// <summary>Memory operands that were compared.</summary>
    public int Operands { get; private set; }

    /// <summary>Compares all of the code; counts what agrees and what differs for a known reason, and returns what differs for none.
    /// </summary>
    public List<string> Run(ZydisCode zydis, Dictionary<OperandDifference, int> explained)
    {
        List<string> unexplained = [];
        VcpuState* vcpu = _vcpus[0];
        for (ulong at = 0; zydis.Read(); at += (ulong)Math.Max(zydis.Length, 1))
        {
            // What is cut off by the end of the code is another instruction for each of the two.
            if (at + Limits.MaxInstructionLength > _section.Size)
                continue;
            vcpu->Regs.Rip = _section.Address + at;
            int length = _unit.Decode(_memory, vcpu).IsSuccess() ? vcpu->Instruction.Length : 0;
            Instructions++;
            OperandDifference? difference = length != zydis.Length ? null
                : length == 0 ? OperandDifference.None
                : Compare(zydis.Operands);
            if (difference is { } reason)
                explained[reason] = explained.GetValueOrDefault(reason) + 1;
            else if (unexplained.Count < Shown)
                unexplained.Add(Describe(at, length, zydis));
        }

        return unexplained;
    }

    public void Dispose() => NativeMemory.AlignedFree(_host);

    private OperandDifference? Compare(ReadOnlySpan<ZydisOperand> theirs)
    {
        VcpuState* vcpu = _vcpus[0];
        int count = _unit.ListOperands(vcpu, _operands);
        Operands += count;
        ReadOnlySpan<MemoryOperand> ours = _operands.AsSpan(0, count);
        return AreSame(ours, theirs) ? OperandDifference.None : OperandDifferences.Of(in _unit.Current, vcpu, ours, theirs);
    }

    private bool AreSame(ReadOnlySpan<MemoryOperand> ours, ReadOnlySpan<ZydisOperand> theirs)
    {
        if (ours.Length != theirs.Length)
            return false;
        int matched = 0;
        foreach (ref readonly ZydisOperand their in theirs)
        {
            for (int i = 0; i < ours.Length; i++)
            {
                if ((matched & (1 << i)) == 0 && IsSame(in ours[i], in their))
                {
                    matched |= 1 << i;
                    break;
                }
            }
        }

        return matched == (1 << ours.Length) - 1;
    }

    private bool IsSame(in MemoryOperand our, in ZydisOperand their) =>
        our.State != OperandState.Unknown && (their.Flags & (ZydisOperand.Unknown | ZydisOperand.Vector)) == 0 &&
        our.Linear == their.LinearIn(_vcpus[0]) && our.Size == (int)their.Size && ((int)our.Access & 3) == (their.Access & 3);

    private string Describe(ulong at, int length, ZydisCode zydis)
    {
        Span<byte> bytes = new(_host + (_section.Address & PageMask) + at, Math.Max(Math.Max(length, zydis.Length), 1));
        List<string> parts = [Convert.ToHexString(bytes), _unit.Current.Code.ToString(), $"{length}/{zydis.Length}"];
        int count = length == 0 ? 0 : _unit.ListOperands(_vcpus[0], _operands);
        foreach (ref readonly MemoryOperand our in _operands.AsSpan(0, count))
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"ours {our.Access} {our.Kind} {our.State} {our.Linear:x}+{our.Size}"));
        foreach (ref readonly ZydisOperand their in zydis.Operands)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"theirs {their.Access} {their.Flags} {their.LinearIn(_vcpus[0]):x}+{their.Size}"));
        return string.Join(" | ", parts);
    }
}
