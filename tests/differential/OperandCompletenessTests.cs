using System;
using System.Collections.Generic;
using Engine;
using Engine.Instructions;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;
using Xunit;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Tests.Differential;

/// <summary>No form of an instruction that the decoder knows to access memory is without operands, and none says less than the
/// decoder does.</summary>
public sealed unsafe class OperandCompletenessTests
{
    private const int Attempts = 400_000;
    private const int Least = 1_800;

    /// <summary>Prefixes and opcode maps that random bytes are put behind.</summary>
    private static readonly byte[][] _openings =
    [
        [], [0x66], [0xF2], [0xF3], [0x67], [0x48], [0x0F], [0x66, 0x0F], [0xF3, 0x0F], [0xF2, 0x0F], [0x0F, 0x01], [0x0F, 0xAE],
        [0x0F, 0xC7], [0x0F, 0x38], [0x66, 0x0F, 0x38], [0xF2, 0x0F, 0x38], [0xF3, 0x0F, 0x38], [0x0F, 0x3A], [0x66, 0x0F, 0x3A],
        [0xC4, 0xE1], [0xC4, 0xE2], [0xC4, 0xE3], [0xC5], [0x62, 0xF1], [0x62, 0xF2], [0x62, 0xF3], [0x62, 0xF5], [0x62, 0xF6],
        [0x8F, 0xE8], [0x8F, 0xE9], [0x8F, 0xEA], [0xD8], [0xD9], [0xDB], [0xDD],
    ];

    [Fact]
    public void WhatTheDecoderKnowsToAccessMemoryHasOperands()
    {
        Random random = new(5);
        byte[] code = new byte[15];
        VcpuTable vcpus = new(1);
        VcpuState* vcpu = vcpus[0];
        InstructionInfoFactory factory = new();
        RegisterValues registers = new();
        ExtendedState state = new(XsaveLayout.OfThisProcessor);
        state.Begin(hypervisor: null, 0);
        MemoryOperand[] operands = new MemoryOperand[Limits.MaxMemoryOperands];
        HashSet<Code> seen = [];
        HashSet<string> missing = [];
        for (int i = 0; i < Attempts; i++)
        {
            int bits = 16 << (i % 3);
            random.NextBytes(code);
            _openings[i % _openings.Length].CopyTo(code, 0);
            Instruction instruction = Decoder.Create(bits, code).Decode();
            if (instruction.IsInvalid)
                continue;

            Set(vcpu, bits);
            OperandLister lister = new(in instruction, registers, vcpu, state, factory, operands);
            int count = lister.List();
            OperandAccess needed = OperandAccess.None;
            foreach (UsedMemory used in factory.GetInfo(in instruction, InstructionInfoOptions.NoRegisterUsage).GetUsedMemory())
                needed |= OperandShape.ToAccess(used.Access) & OperandAccess.ReadWrite;
            OperandAccess listed = OperandAccess.None;
            for (int k = 0; k < count; k++)
                listed |= operands[k].Access;
            if (needed != OperandAccess.None)
                seen.Add(instruction.Code);
            if ((needed & ~listed) != OperandAccess.None || lister.IsCut)
                missing.Add($"{instruction.Code}: {needed}, listed {listed}");
        }

        Assert.Empty(missing);
        Assert.True(seen.Count > Least, $"{seen.Count} forms");
    }

    private static void Set(VcpuState* vcpu, int bits)
    {
        vcpu->CsType = bits switch { 64 => Engine.Abi.IgCsType.Bits64, 32 => Engine.Abi.IgCsType.Bits32, _ => Engine.Abi.IgCsType.Bits16 };
        vcpu->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Flags | VcpuRegisters.Segments;
        vcpu->Regs.Rcx = 3;
        vcpu->Regs.Cr0 = 1;
    }
}
