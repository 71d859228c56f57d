using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Which operand an instruction stores to, and where it is.</summary>
public sealed unsafe class InstructionUnitStoreTests
{
    private const ulong Rdi = 0x8100;
    private const ulong Rsp = 0xA200;
    private const ulong Gs = 0xC000;

    public static TheoryData<string, byte[], ulong, int> Stores64 => new()
    {
        { "mov [rdi], rsi", [0x48, 0x89, 0x37], Rdi, 8 },
        { "mov [rdi+rcx*4+0x10], sil", [0x40, 0x88, 0x74, 0x8F, 0x10], Rdi + 0x50, 1 },
        { "mov [rip+0x4000], eax", [0x89, 0x05, 0x00, 0x40, 0, 0], InstructionBench.Code + 6 + 0x4000, 4 },
        { "mov moffs, al", [0xA2, 0x34, 0x81, 0, 0, 0, 0, 0, 0], 0x8134, 1 },
        { "mov [edi], esi", [0x67, 0x89, 0x37], 0x8100, 4 },
        { "mov gs:[0x10], rax", [0x65, 0x48, 0x89, 0x04, 0x25, 0x10, 0, 0, 0], Gs + 0x10, 8 },
        { "mov fs:[rdi], si", [0x64, 0x66, 0x89, 0x37], Rdi + 0x200, 2 },
        { "push rdi", [0x57], Rsp - 8, 8 },
        { "push di", [0x66, 0x57], Rsp - 2, 2 },
        { "push 1", [0x6A, 0x01], Rsp - 8, 8 },
        { "push [rdi]", [0xFF, 0x37], Rsp - 8, 8 },
        { "pop [rdi]", [0x8F, 0x07], Rdi, 8 },
        { "call +0", [0xE8, 0, 0, 0, 0], Rsp - 8, 8 },
        { "call [rdi]", [0xFF, 0x17], Rsp - 8, 8 },
        { "enter 16, 0", [0xC8, 0x10, 0, 0], Rsp - 8, 8 },
        { "pushfq", [0x9C], Rsp - 8, 8 },
        { "stosd", [0xAB], Rdi, 4 },
        { "movsb", [0xA4], Rdi, 1 },
        { "insb", [0x6C], Rdi, 1 },
        { "xchg [rdi], rax", [0x48, 0x87, 0x07], Rdi, 8 },
        { "lock xadd [rdi], eax", [0xF0, 0x0F, 0xC1, 0x07], Rdi, 4 },
        { "cmpxchg16b [rdi]", [0x48, 0x0F, 0xC7, 0x0F], Rdi, 16 },
        { "add [rdi], eax", [0x01, 0x07], Rdi, 4 },
        { "setz [rdi]", [0x0F, 0x94, 0x07], Rdi, 1 },
        { "movups [rdi], xmm0", [0x0F, 0x11, 0x07], Rdi, 16 },
        { "movss [rdi], xmm0", [0xF3, 0x0F, 0x11, 0x07], Rdi, 4 },
        { "vmovups [rdi], ymm0", [0xC5, 0xFC, 0x11, 0x07], Rdi, 32 },
        { "vmovups [rdi], zmm0", [0x62, 0xF1, 0x7C, 0x48, 0x11, 0x07], Rdi, 64 },
        { "movnti [rdi], rax", [0x48, 0x0F, 0xC3, 0x07], Rdi, 8 },
        { "sidt [rdi]", [0x0F, 0x01, 0x0F], Rdi, 10 },
        { "fxsave [rdi]", [0x0F, 0xAE, 0x07], Rdi, 512 },
        { "xsave [rdi], of x87 and SSE", [0x0F, 0xAE, 0x27], Rdi, 576 },
        { "maskmovdqu xmm0, xmm1", [0x66, 0x0F, 0xF7, 0xC1], Rdi, 16 },
        { "movdir64b rdi, [rsi]", [0x66, 0x0F, 0x38, 0xF8, 0x3E], Rdi, 64 },
    };

    [Theory]
    [MemberData(nameof(Stores64))]
    public void TheOperandOf64BitCodeIsFound(string name, byte[] code, ulong linear, int size)
    {
        using InstructionBench bench = Bench64();
        Assert.Equal(IntStatus.Success, bench.Decode(code));
        AssertFound(bench, name, linear, size);
    }

    public static TheoryData<string, byte[], ulong, int> Stores32 => new()
    {
        { "mov [edi], esi", [0x89, 0x37], 0x3000 + 0x1100, 4 },
        { "mov [bx+si], al", [0x67, 0x88, 0x00], 0x3000 + 0x0234, 1 },
        { "mov ss:[ebp], eax", [0x89, 0x45, 0x00], 0x5000 + 0x0700, 4 },
        { "mov es:[edi], eax", [0x26, 0x89, 0x07], 0x6000 + 0x1100, 4 },
        { "push eax", [0x50], 0x5000 + 0x0FFC, 4 },
        { "push ax", [0x66, 0x50], 0x5000 + 0x0FFE, 2 },
        { "stosb", [0xAA], 0x6000 + 0x1100, 1 },
        { "call +0", [0xE8, 0, 0, 0, 0], 0x5000 + 0x0FFC, 4 },
        { "mov [0x12345678 wrapped], eax", [0x89, 0x83, 0x00, 0x10, 0x00, 0x00], 0x3000 + 0x0FF0, 4 },
    };

    [Theory]
    [MemberData(nameof(Stores32))]
    public void TheOperandOf32BitCodeIsFound(string name, byte[] code, ulong linear, int size)
    {
        using InstructionBench bench = Bench32();
        if (name.Contains("wrapped", StringComparison.Ordinal))
            bench.Regs.Rbx = 0xFFFF_FFF0;
        Assert.Equal(IntStatus.Success, bench.Decode(code));
        AssertFound(bench, name, linear, size);
    }

    [Fact]
    public void TheSumOfSegmentAndOffsetWrapsAt4G()
    {
        using InstructionBench bench = Bench32();
        bench.SetSegment(2, 0xFFFF_F000);
        bench.Regs.Rdi = 0x9100;
        Assert.Equal(IntStatus.Success, bench.Decode(0x89, 0x37));
        AssertFound(bench, "mov ds:[edi], esi", 0x8100, 4);
    }

    [Fact]
    public void TheOperandOf16BitCodeIsFound()
    {
        using InstructionBench bench = Bench32();
        bench.Vcpu->CsType = IgCsType.Bits16;
        Assert.Equal(IntStatus.Success, bench.Decode(0x88, 0x00));
        AssertFound(bench, "mov [bx+si], al", 0x3000 + 0x0234, 1);
        Assert.Equal(IntStatus.Success, bench.Decode(0xAB));
        AssertFound(bench, "stosw", 0x6000 + 0x1100, 2);
    }

    [Theory]
    [InlineData(new byte[] { 0x48, 0x8B, 0x37 })]
    [InlineData(new byte[] { 0x48, 0x39, 0x37 })]
    [InlineData(new byte[] { 0x58 })]
    [InlineData(new byte[] { 0x90 })]
    [InlineData(new byte[] { 0xA6 })]
    [InlineData(new byte[] { 0x0F, 0xAE, 0x17 })]
    [InlineData(new byte[] { 0x48, 0x8D, 0x37 })]
    public void WhatOnlyReadsStoresNothing(byte[] code)
    {
        using InstructionBench bench = Bench64();
        Assert.Equal(IntStatus.Success, bench.Decode(code));
        Assert.False(bench.TryFind(Rdi, out _));
        Assert.False(bench.TryFind(Rsp, out _));
    }

    [Fact]
    public void AMoveOfAStringIsFoundAtItsTargetAlone()
    {
        using InstructionBench bench = Bench64();
        Assert.Equal(IntStatus.Success, bench.Decode(0xA4));
        Assert.False(bench.TryFind(bench.Regs.Rsi, out _));
        Assert.True(bench.TryFind(Rdi, out _));
    }

    [Fact]
    public void WithoutTheRegisterThereIsNoAddress()
    {
        using InstructionBench bench = Bench64();
        bench.Vcpu->PushedMask &= ~VcpuRegisters.Segments;
        Assert.Equal(IntStatus.Success, bench.Decode(0x64, 0x48, 0x89, 0x37));
        Assert.False(bench.TryFind(Rdi + 0x200, out _));
        Assert.False(bench.TryFind(Rdi, out _));
        bench.Vcpu->PushedMask &= ~(VcpuRegisters)(1UL << 7);
        Assert.Equal(IntStatus.Success, bench.Decode(0x48, 0x89, 0x37));
        Assert.False(bench.TryFind(Rdi, out _));
    }

    [Fact]
    public void AScatterIsNotMistakenForAStoreToItsBase()
    {
        using InstructionBench bench = Bench64();

        // vpscatterdd [rdi+zmm1*4]{k1}, zmm0: the indices are not in the record.
        Assert.Equal(IntStatus.Success, bench.Decode(0x62, 0xF2, 0x7D, 0x49, 0xA0, 0x04, 0x8F));
        Assert.False(bench.TryFind(Rdi, out _));
        Assert.False(bench.TryFind(Rdi + 0x40, out _));
    }

    [Theory]
    [InlineData("rep stosb", new byte[] { 0xF3, 0xAA })]
    [InlineData("rep movsq", new byte[] { 0xF3, 0x48, 0xA5 })]
    public void AnOperandOfUnknownSizeReachesToTheEndOfItsPage(string name, byte[] code)
    {
        using InstructionBench bench = Bench64();
        Assert.True(bench.Decode(code).IsSuccess(), name);
        Assert.True(bench.TryFind(Rdi + 0x340, out StoreOperand store));
        Assert.Equal((Rdi, 0), (store.Linear, store.Size));
        Assert.False(bench.TryFind(Rdi - 1, out _));
    }

    [Theory]
    [InlineData(IgCsType.Bits64, new byte[] { 0xC8, 0x10, 0x00, 0x02 })]
    [InlineData(IgCsType.Bits32, new byte[] { 0xC8, 0x10, 0x00, 0x02 })]
    public void AnInstructionWithSeveralStoresHasNoKnownSize(IgCsType csType, byte[] code)
    {
        using InstructionBench bench = Bench64();
        bench.Vcpu->CsType = csType;
        bench.SetSegment(1, 0);
        bench.SetSegment(0, 0);
        Assert.Equal(IntStatus.Success, bench.Decode(code));
        ulong width = csType == IgCsType.Bits64 ? 8UL : 4;
        Assert.True(bench.TryFind(Rsp - width, out StoreOperand store));
        Assert.Equal((Rsp - width, 0), (store.Linear, store.Size));
        Assert.True(bench.TryFind(Rsp - (2 * width), out _));
    }

    [Fact]
    public void PushaIsFoundInAllThatItStores()
    {
        using InstructionBench bench = Bench32();
        Assert.Equal(IntStatus.Success, bench.Decode(0x60));
        for (ulong i = 1; i <= 8; i++)
            Assert.True(bench.TryFind(0x6000 - (4 * i), out _), $"{i}");
        Assert.False(bench.TryFind(0x6000, out _));
        Assert.False(bench.TryFind(0x5FDF, out _));
    }

    [Fact]
    public void AnOperandIsFoundInEachOfItsPages()
    {
        using InstructionBench bench = Bench64();
        PageTables tables = new(bench.Ram, PagingMode.Level4, 0x20000);
        tables.Map(InstructionBench.Code, InstructionBench.Code);
        tables.Map(0x5_0000, 0x8000);
        tables.Map(0x5_1000, 0x3000);
        bench.Regs.Cr0 = tables.Cr0;
        bench.Regs.Cr3 = tables.Root;
        bench.Regs.Cr4 = tables.Cr4;
        bench.Vcpu->Ia32Efer = tables.Efer;
        bench.Regs.Rdi = 0x5_0FFA;
        Assert.Equal(IntStatus.Success, bench.Decode(0x48, 0x89, 0x37));
        foreach (ulong gpa in new ulong[] { 0x8FFA, 0x8FFF, 0x3000, 0x3001 })
        {
            Assert.True(bench.TryFind(gpa, out StoreOperand store), $"{gpa:x}");
            Assert.Equal((0x5_0FFAUL, 8), (store.Linear, store.Size));
        }

        foreach (ulong gpa in new ulong[] { 0x8FF9, 0x9000, 0x3002, 0x2FFF, 0x50FFA })
            Assert.False(bench.TryFind(gpa, out _), $"{gpa:x}");

        // The page of the exit counts even when the one before is absent.
        tables.Spoil(0x5_0000, 1, clear: 1);
        Assert.True(bench.TryFind(0x3000, out _));
        Assert.False(bench.TryFind(0x8FFA, out _));
    }

    [Fact]
    public void AnOperandAtTheTopOfTheAddressSpaceWraps()
    {
        using InstructionBench bench = Bench64();
        PageTables tables = new(bench.Ram, PagingMode.Level4, 0x20000);
        tables.Map(InstructionBench.Code, InstructionBench.Code);
        tables.Map(0xFFFF_FFFF_FFFF_F000, 0x8000);
        tables.Map(0, 0x3000);
        bench.Regs.Cr0 = tables.Cr0;
        bench.Regs.Cr3 = tables.Root;
        bench.Regs.Cr4 = tables.Cr4;
        bench.Vcpu->Ia32Efer = tables.Efer;
        bench.Regs.Rdi = 0xFFFF_FFFF_FFFF_FFFC;
        Assert.Equal(IntStatus.Success, bench.Decode(0x48, 0x89, 0x37));
        Assert.True(bench.TryFind(0x8FFF, out _));
        Assert.True(bench.TryFind(0x3003, out _));
        Assert.False(bench.TryFind(0x3004, out _));
        Assert.False(bench.TryFind(0x8FFB, out _));
    }

    private static InstructionBench Bench64()
    {
        InstructionBench bench = new();
        bench.Regs.Rdi = Rdi;
        bench.Regs.Rsi = 0x9300;
        bench.Regs.Rcx = 0x10;
        bench.Regs.Rsp = Rsp;
        bench.Regs.Rbp = 0xB400;
        bench.SetSegment(0, 0x1111_0000);
        bench.SetSegment(1, 0x2222_0000);
        bench.SetSegment(2, 0x3333_0000);
        bench.SetSegment(3, 0x4444_0000);
        bench.SetSegment(4, 0x200);
        bench.SetSegment(5, Gs);
        return bench;
    }

    private static InstructionBench Bench32()
    {
        InstructionBench bench = new(IgCsType.Bits32);
        bench.Regs.Rdi = 0xDEAD_0000_0000_1100;
        bench.Regs.Rbx = 0x0200;
        bench.Regs.Rsi = 0x0034;
        bench.Regs.Rbp = 0x0700;
        bench.Regs.Rsp = 0xDEAD_0000_0000_1000;
        bench.SetSegment(1, 0x5000);
        bench.SetSegment(2, 0x3000);
        bench.SetSegment(3, 0x6000);
        return bench;
    }

    private static void AssertFound(InstructionBench bench, string name, ulong linear, int size)
    {
        Assert.True(bench.TryFind(linear, out StoreOperand store), name);
        Assert.Equal((name, linear, size), (name, store.Linear, store.Size));
        Assert.True(bench.TryFind(linear + (ulong)size - 1, out _), name);
        Assert.False(bench.TryFind(linear - 1, out _), name);
        Assert.False(bench.TryFind(linear + (ulong)size, out _), name);
    }
}
