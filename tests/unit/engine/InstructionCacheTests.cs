using System;
using CsCheck;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>What was decoded before is taken only where the bytes are the same: a unit that has seen much decodes as a new one
/// does.</summary>
public sealed unsafe class InstructionCacheTests : IDisposable
{
    private const ulong Linear = 0xFFFF_9000_0000_0000;

    /// <summary>Beginnings that random bytes are put behind, so that most decode to something.</summary>
    private static readonly byte[][] _openings =
    [
        [0x48, 0x89], [0x89], [0x66, 0x89], [0x67, 0x8B], [0xF0, 0x0F, 0xB1], [0xC7], [0x66, 0xC7], [0xE8], [0xFF], [0x0F, 0x1F],
        [0x62, 0xF1, 0x7C, 0x48], [0xC5, 0xFC, 0x11], [0xF3, 0xA4], [0x48, 0xB8], [0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x2E, 0x81], [],
    ];

    private readonly InstructionBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void CodeThatWasChangedIsDecodedAnew()
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        Assert.Equal(Register.RSI, _bench.Unit.Current.Op1Register);
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x3F));
        Assert.Equal(Register.RDI, _bench.Unit.Current.Op1Register);
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89));
        Assert.Equal(IntStatus.DisasmError, _bench.Decode(0x06));
        Assert.Equal(0, _bench.Vcpu->Instruction.Length);
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x3F));
        Assert.Equal(3, _bench.Vcpu->Instruction.Length);
    }

    [Fact]
    public void WhatFollowsTheInstructionDoesNotCount()
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37, 0x90));
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37, 0xCC));
        Assert.Equal(3, _bench.Vcpu->Instruction.Length);
        Assert.Equal((int)Mnemonic.Mov, _bench.Vcpu->Instruction.Mnemonic);
    }

    [Fact]
    public void TheSameBytesAreReadAsTheCodeSegmentHasIt()
    {
        foreach (IgCsType type in (ReadOnlySpan<IgCsType>)[IgCsType.Bits64, IgCsType.Bits32, IgCsType.Bits16, IgCsType.Bits64])
        {
            _bench.Vcpu->CsType = type;
            Assert.Equal(IntStatus.Success, _bench.Decode(0x40, 0x90, 0x90));
            Assert.Equal(type == IgCsType.Bits64 ? 2 : 1, _bench.Vcpu->Instruction.Length);
        }
    }

    [Fact]
    public void TheSecondPageIsReadAgain()
    {
        PageTables tables = new(_bench.Ram, PagingMode.Level4, 0x20000);
        tables.Map(Linear, 0x2000);
        tables.Map(Linear + 0x1000, 0x8000);
        _bench.Regs.Cr0 = tables.Cr0;
        _bench.Regs.Cr3 = tables.Root;
        _bench.Regs.Cr4 = tables.Cr4;
        _bench.Vcpu->Ia32Efer = tables.Efer;
        _bench.Ram.WriteBytes(0x2FFE, 0x48, 0x89);
        _bench.Ram.WriteBytes(0x8000, 0x37, 0x90);
        _bench.Regs.Rip = Linear + 0xFFE;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        _bench.Ram.WriteBytes(0x8000, 0x3F);
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(Register.RDI, _bench.Unit.Current.Op1Register);
        Assert.Equal([0x48, 0x89, 0x3F], _bench.FetchedBytes);

        // The page is gone: so is the instruction, but not one that fits into the first page.
        _bench.Ram.Write(tables.EntryAddress(Linear + 0x1000, 1), 0UL);
        Assert.Equal(IntStatus.PageNotPresent, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        _bench.Ram.WriteBytes(0x2FFE, 0x31, 0xC0);
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(2, _bench.Vcpu->Instruction.Length);
    }

    /// <summary>Far more addresses than there are places, code that changes all the time, in three kinds of code.</summary>
    [Fact]
    public void AUnitThatHasSeenMuchDecodesAsADecoderDoes()
    {
        Gen.Select(Gen.Int[0, 1599], Gen.Int[0, _openings.Length - 1], Gen.Byte.Array[16], Gen.Int[1, 3]).Array[1000].Sample(
            steps => Array.TrueForAll(steps, step => DecodesAsADecoderDoes(step.Item1, _openings[step.Item2], step.Item3, step.Item4)),
            iter: 20, threads: 1);
    }

    /// <summary>Every other time new code is put at the place; else it is what is there, from this and other steps.</summary>
    private bool DecodesAsADecoderDoes(int place, byte[] opening, byte[] rest, int type)
    {
        _bench.Regs.Rip = InstructionBench.Code + (ulong)place;
        _bench.Vcpu->CsType = (IgCsType)type;
        IntStatus status = (rest[^1] & 1) == 0
            ? _bench.Decode([.. opening, .. rest])
            : _bench.Unit.Decode(_bench.Memory, _bench.Vcpu);

        byte[] there = new byte[Engine.Limits.MaxInstructionLength];
        _bench.Memory.Read(_bench.Regs.Rip, there);
        Decoder decoder = Decoder.Create(8 << type, there, _bench.Regs.Rip);
        Instruction expected = decoder.Decode();
        ref VcpuInstruction shown = ref _bench.Vcpu->Instruction;
        if (expected.IsInvalid)
            return status == IntStatus.DisasmError && shown.Length == 0;
        return status == IntStatus.Success && shown.Length == expected.Length && shown.Code == (int)expected.Code &&
            shown.Mnemonic == (int)expected.Mnemonic && shown.Bitness == 8 << type && _bench.Unit.Current.Equals(expected) &&
            _bench.Unit.Current.NextIP == expected.NextIP &&
            _bench.FetchedBytes.AsSpan().SequenceEqual(there.AsSpan(0, expected.Length));
    }
}
