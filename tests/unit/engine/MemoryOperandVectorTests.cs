using System;
using System.Collections.Generic;
using System.Linq;
using Engine;
using Engine.Abi;
using Engine.Instructions;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;
using Tests.Unit.Fakes;
using Xunit;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Tests.Unit;

/// <summary>Operands that vector, mask and tile registers, or the components of an XSAVE area, decide on: with a processor of the
/// test's own.</summary>
public sealed unsafe class MemoryOperandVectorTests : IDisposable
{
    private const int TileConfiguration = 17;
    private const int AreaSize = 0xB00 + 64;
    private const ulong Everything = 0x600E7;

    private readonly InstructionBench _bench = new();
    private readonly byte[] _area = new byte[AreaSize];
    private readonly XsaveLayout _layout = new();
    private readonly InstructionInfoFactory _factory = new();
    private readonly RegisterValues _registers = new();

    public MemoryOperandVectorTests()
    {
        // As Intel's processors have them.
        _layout.Add(XsaveState.Avx, 256, 576, isAligned: false);
        _layout.Add(XsaveState.Opmask, 64, 1088, isAligned: false);
        _layout.Add(XsaveState.ZmmHigh, 512, 1152, isAligned: false);
        _layout.Add(XsaveState.HighZmm, 1024, 1664, isAligned: false);
        _layout.Add(9, 8, 2688, isAligned: false);
        _layout.Add(11, 16, 0, isAligned: false);
        _layout.Add(TileConfiguration, 64, 2752, isAligned: true);
        _layout.Add(18, 8192, 2816, isAligned: true);
        BitConverter.TryWriteBytes(_area.AsSpan(512), Everything);

        // Indexes 0, 1, -1, 0x100, 4, 5, 6, 7 in YMM1, with signs in YMM2 that let the second and third through.
        int[] indexes = [0, 1, -1, 0x100, 4, 5, 6, 7];
        int[] signs = [0, int.MinValue, -1, 0x7FFF_FFFF, 0, 0, 0, 0];
        for (int i = 0; i < 4; i++)
        {
            BitConverter.TryWriteBytes(_area.AsSpan(160 + 16 + (4 * i)), indexes[i]);
            BitConverter.TryWriteBytes(_area.AsSpan(576 + 16 + (4 * i)), indexes[4 + i]);
            BitConverter.TryWriteBytes(_area.AsSpan(160 + 32 + (4 * i)), signs[i]);
        }

        // K1 lets elements 1 and 3 through, K2 none.
        BitConverter.TryWriteBytes(_area.AsSpan(1088 + 8), 0b1010UL);
        _bench.Regs.Rdi = 0x8000;
        _bench.Regs.Rsi = 0x9000;
        _bench.Regs.Rcx = 0x40;
        _bench.Regs.Rax = 0xFFFF_FFFF;
        _bench.Regs.Rdx = 0xFFFF_FFFF;
        _bench.Vcpu->Xcr0 = 7;
        _bench.Vcpu->PushedMask |= VcpuRegisters.Xcr0;
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void AGatherIsListedByTheElementsThatItsMaskLetsThrough()
    {
        // vpgatherdd ymm0, [rdi+ymm1*4], ymm2
        Assert.Equal([(0x8004UL, 4), (0x7FFCUL, 4)], List(OperandAccess.Read, 0xC4, 0xE2, 0x6D, 0x90, 0x04, 0x8F));

        // vpgatherdq ymm0, [rdi+xmm1*8], ymm2: the signs of 8-byte elements
        Assert.Equal([(0x8000UL, 8)], List(OperandAccess.Read, 0xC4, 0xE2, 0xED, 0x90, 0x04, 0xCF));
    }

    [Fact]
    public void AScatterIsListedByItsMaskRegister()
    {
        // vpscatterdd [rdi+ymm1*4]{k1}, ymm0
        Assert.Equal([(0x8004UL, 4), (0x8400UL, 4)], List(OperandAccess.Write, 0x62, 0xF2, 0x7D, 0x29, 0xA0, 0x04, 0x8F));
        Assert.Empty(List(OperandAccess.Write, 0x62, 0xF2, 0x7D, 0x2A, 0xA0, 0x04, 0x8F));

        // Addresses of 32 bits wrap.
        _bench.Regs.Rdi = 0xFFFF_FFFC;
        Assert.Equal([(0UL, 4), (0x3FCUL, 4)], List(OperandAccess.Write, 0x67, 0x62, 0xF2, 0x7D, 0x29, 0xA0, 0x04, 0x8F));
    }

    [Fact]
    public void AStoreUnderAMaskHasTheBytesThatItLetsThrough()
    {
        // vmovdqu32 [rdi]{k1}, zmm0; the same with 8-byte elements; vmaskmovps [rdi], xmm2, xmm0; maskmovdqu xmm0, xmm2
        Assert.Equal(0xF0F0UL, Mask(0x62, 0xF1, 0x7E, 0x49, 0x7F, 0x07));
        Assert.Equal(0xFF00_FF00UL, Mask(0x62, 0xF1, 0xFE, 0x49, 0x7F, 0x07));
        Assert.Equal(0x0FF0UL, Mask(0xC4, 0xE2, 0x69, 0x2E, 0x07));
        Assert.Equal(0x0F80UL, Mask(0x66, 0x0F, 0xF7, 0xC2) & 0x0FFF);
        Assert.Empty(List(OperandAccess.Write, 0x62, 0xF1, 0x7E, 0x4A, 0x7F, 0x07));
    }

    [Fact]
    public void WhatIsCompressedHasAsManyElementsAsTheMask() =>
        Assert.Equal([(0x8000UL, 8)], List(OperandAccess.Write, 0x62, 0xF2, 0x7D, 0x49, 0x8B, 0x07));

    [Fact]
    public void ATileIsListedByItsRows()
    {
        // Three rows of 24 bytes from the second on: tileloadd tmm1, [rdi+rcx*2]
        _area[2752 + 1] = 1;
        BitConverter.TryWriteBytes(_area.AsSpan(2752 + 18), (ushort)24);
        _area[2752 + 49] = 3;
        Assert.Equal([(0x8080UL, 24), (0x8100UL, 24)], List(OperandAccess.Read, 0xC4, 0xE2, 0x7B, 0x4B, 0x0C, 0x4F));
    }

    [Theory]
    [InlineData(0x3UL, 0xFUL, 576)]
    [InlineData(0x7UL, 0xFUL, 832)]
    [InlineData(0x7UL, 0x3UL, 576)]
    [InlineData(0xE7UL, 0xFFUL, 2688)]
    [InlineData(0x2E7UL, 0x200UL, 2696)]
    [InlineData(0x602E7UL, 0xFFFFFFUL, 11008)]
    public void AnXsaveAreaReachesToTheLastComponent(ulong xcr0, ulong requested, int size)
    {
        _bench.Vcpu->Xcr0 = xcr0;
        _bench.Regs.Rax = requested;
        Assert.Equal([(0x8000UL, size)], List(OperandAccess.Write, 0x0F, 0xAE, 0x27));
        Assert.Equal([(0x8000UL, size)], List(OperandAccess.Read, 0x0F, 0xAE, 0x27));
    }

    [Theory]
    [InlineData(0xE7UL, 0x43UL, 1088)]
    [InlineData(0x2E7UL, 0x204UL, 840)]
    [InlineData(0x602E7UL, 0x60200UL, 640 + 64 + 8192)]
    public void ACompactedAreaHasItsComponentsNextToEachOther(ulong xcr0, ulong requested, int size)
    {
        _bench.Vcpu->Xcr0 = xcr0;
        _bench.Regs.Rax = requested;
        Assert.Equal([(0x8000UL, size)], List(OperandAccess.Write, 0x0F, 0xC7, 0x27));
    }

    [Fact]
    public void AComponentThatIsNotKnownLeavesTheSizeOpen()
    {
        _bench.Vcpu->Xcr0 = 1UL << 19;
        MemoryOperand operand = Operands(0x0F, 0xAE, 0x27)[0];
        Assert.Equal((OperandState.UnknownSize, 0, 0x8000UL), (operand.State, operand.Size, operand.Linear));
    }

    [Fact]
    public void TheValueThatIsWrittenIsTheEmulators()
    {
        byte[] value = new byte[Limits.MaxStoreBytes];
        _bench.Ram.Write(0x8000, 0x1122_3344_5566_7788UL);
        Assert.True(_bench.Decode(0x48, 0x01, 0x37).IsSuccess());
        Assert.Equal(8, _bench.Unit.WrittenValue(_bench.Memory, _bench.Vcpu, hypervisor: null, value, out ulong linear));
        Assert.Equal((0x8000UL, 0x1122_3344_5567_0788UL), (linear, BitConverter.ToUInt64(value)));
        Assert.Equal(0x1122_3344_5566_7788UL, _bench.Ram.Read<ulong>(0x8000));
        Assert.True(_bench.Decode(0x48, 0x8B, 0x07).IsSuccess());
        Assert.Equal(0, _bench.Unit.WrittenValue(_bench.Memory, _bench.Vcpu, hypervisor: null, value, out _));
    }

    private MemoryOperand[] Operands(params ReadOnlySpan<byte> code)
    {
        Assert.True(_bench.Decode(code).IsSuccess());
        ExtendedState state = new(_layout);
        state.Begin(_area);
        MemoryOperand[] operands = new MemoryOperand[Limits.MaxMemoryOperands];
        OperandLister lister = new(in _bench.Unit.Current, _registers, _bench.Vcpu, state, _factory, operands);
        int count = lister.List();
        Assert.False(lister.IsCut);
        return operands[..count];
    }

    private List<(ulong Linear, int Size)> List(OperandAccess access, params ReadOnlySpan<byte> code) =>
        [.. Operands(code).Where(operand => (operand.Access & access) != 0 && (operand.Access & OperandAccess.Conditional) == 0)
            .Select(operand => (operand.Linear, operand.Size))];

    private ulong Mask(params ReadOnlySpan<byte> code)
    {
        MemoryOperand operand = Assert.Single(Operands(code));
        Assert.Equal(OperandAccess.Write, operand.Access);
        return operand.ByteMask;
    }
}
