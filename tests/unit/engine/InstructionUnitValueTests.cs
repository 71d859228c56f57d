using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Which bytes an instruction stores.</summary>
public sealed unsafe class InstructionUnitValueTests : IDisposable
{
    private readonly InstructionBench _bench = new();

    public InstructionUnitValueTests()
    {
        _bench.Regs.Rax = 0x8877_6655_4433_2211;
        _bench.Regs.Rbx = 0x1020_3040_5060_7080;
        _bench.Regs.Rsi = 0xA8A7_A6A5_A4A3_A2A1;
        _bench.Regs.Rsp = 0xB8B7_B6B5_B4B3_B2B1;
        _bench.Regs.R15 = 0xF8F7_F6F5_F4F3_F2F1;
        _bench.Regs.Rdi = 0x8000;
    }

    public static TheoryData<string, byte[], byte[]> Moves => new()
    {
        { "mov [rdi], al", [0x88, 0x07], [0x11] },
        { "mov [rdi], ah", [0x88, 0x27], [0x22] },
        { "mov [rdi], bh", [0x88, 0x3F], [0x70] },
        { "mov [rdi], spl", [0x40, 0x88, 0x27], [0xB1] },
        { "mov [rdi], sil", [0x40, 0x88, 0x37], [0xA1] },
        { "mov [rdi], r15b", [0x44, 0x88, 0x3F], [0xF1] },
        { "mov [rdi], ax", [0x66, 0x89, 0x07], [0x11, 0x22] },
        { "mov [rdi], r15w", [0x66, 0x44, 0x89, 0x3F], [0xF1, 0xF2] },
        { "mov [rdi], eax", [0x89, 0x07], [0x11, 0x22, 0x33, 0x44] },
        { "mov [rdi], r15d", [0x44, 0x89, 0x3F], [0xF1, 0xF2, 0xF3, 0xF4] },
        { "mov [rdi], rsi", [0x48, 0x89, 0x37], [0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8] },
        { "mov [rdi], rsp", [0x48, 0x89, 0x27], [0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8] },
        { "mov byte [rdi], 0x85", [0xC6, 0x07, 0x85], [0x85] },
        { "mov word [rdi], 0x8512", [0x66, 0xC7, 0x07, 0x12, 0x85], [0x12, 0x85] },
        { "mov dword [rdi], imm", [0xC7, 0x07, 4, 3, 2, 0x81], [4, 3, 2, 0x81] },
        { "mov qword [rdi], negative", [0x48, 0xC7, 0x07, 4, 3, 2, 0x81], [4, 3, 2, 0x81, 0xFF, 0xFF, 0xFF, 0xFF] },
        { "mov qword [rdi], positive", [0x48, 0xC7, 0x07, 4, 3, 2, 1], [4, 3, 2, 1, 0, 0, 0, 0] },
        { "mov moffs, al", [0xA2, 0, 0x80, 0, 0, 0, 0, 0, 0], [0x11] },
        { "mov moffs, ax", [0x66, 0xA3, 0, 0x80, 0, 0, 0, 0, 0, 0], [0x11, 0x22] },
        { "mov moffs, eax", [0xA3, 0, 0x80, 0, 0, 0, 0, 0, 0], [0x11, 0x22, 0x33, 0x44] },
        { "mov moffs, rax", [0x48, 0xA3, 0, 0x80, 0, 0, 0, 0, 0, 0], [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88] },
    };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Moves))]
    public void AMoveIsComputed(string name, byte[] code, byte[] value)
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(code));
        Assert.True(_bench.Compute() is { } computed && computed.AsSpan().SequenceEqual(value), name);
    }

    [Theory]
    [InlineData("mov [rdi], ds", new byte[] { 0x8C, 0x1F })]
    [InlineData("movups [rdi], xmm0", new byte[] { 0x0F, 0x11, 0x07 })]
    [InlineData("fxsave [rdi]", new byte[] { 0x0F, 0xAE, 0x07 })]
    [InlineData("xsave [rdi]", new byte[] { 0x0F, 0xAE, 0x27 })]
    [InlineData("fst dword [rdi]", new byte[] { 0xD9, 0x17 })]
    [InlineData("movq [rdi], mm0", new byte[] { 0x0F, 0x7F, 0x07 })]
    [InlineData("sidt [rdi]", new byte[] { 0x0F, 0x01, 0x0F })]
    [InlineData("insb", new byte[] { 0x6C })]
    [InlineData("enter 0, 2", new byte[] { 0xC8, 0, 0, 2 })]
    [InlineData("adc without flags", new byte[] { 0x11, 0x07 })]
    [InlineData("stosb without flags", new byte[] { 0xAA })]
    [InlineData("mov rax, [rdi]", new byte[] { 0x48, 0x8B, 0x07 })]
    [InlineData("mov rax, imm", new byte[] { 0x48, 0xC7, 0xC0, 1, 0, 0, 0 })]
    [InlineData("mov rsi, rax", new byte[] { 0x48, 0x89, 0xC6 })]
    [InlineData("cmp [rdi], eax", new byte[] { 0x39, 0x07 })]
    [InlineData("bt [rdi], eax", new byte[] { 0x0F, 0xA3, 0x07 })]
    public void WhatIsNotKnownOrNoStoreIsNot(string name, byte[] code)
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(code));
        Assert.True(_bench.Compute() is null, name);
    }

    [Fact]
    public void ARegisterThatIsNotKnownHasNoBytes()
    {
        _bench.Vcpu->PushedMask &= ~(VcpuRegisters)(1UL << 6);
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        Assert.Null(_bench.Compute());
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x07));
        Assert.NotNull(_bench.Compute());
    }
}
