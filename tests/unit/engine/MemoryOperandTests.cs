using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Every access of an instruction to memory, by hand, in 64-bit code: the forms that need more than an address.</summary>
public sealed unsafe class MemoryOperandTests : IDisposable
{
    private const ulong Tables = 0x9_0000;

    private readonly InstructionBench _bench = Bench();

    public static TheoryData<string, byte[], string> Ordinary => new()
    {
        { "mov [rdi], rsi", [0x48, 0x89, 0x37], "w 8100+8" },
        { "mov rsi, [rdi]", [0x48, 0x8B, 0x37], "r 8100+8" },
        { "add [rdi+rcx*4-0x10], esi", [0x01, 0x74, 0x8F, 0xF0], "rw 8130+4" },
        { "cmp [rip+0x20], 1", [0x83, 0x3D, 0x20, 0, 0, 0, 1], "r 1027+4" },
        { "mov [edi-0x200], al", [0x67, 0x88, 0x87, 0, 0xFE, 0xFF, 0xFF], "w 7f00+1" },
        { "mov [eax-8], ecx: wraps at 4 GiB", [0x67, 0x89, 0x48, 0xF8], "w fffffffc+4" },
        { "mov rax, gs:[0x28]", [0x65, 0x48, 0x8B, 0x04, 0x25, 0x28, 0, 0, 0], "r c028+8" },
        { "mov ds:[rdi], eax: no base", [0x3E, 0x89, 0x07], "w 8100+4" },
        { "mov moffs, al", [0xA2, 0x34, 0x81, 0, 0, 0, 0, 0, 0], "w 8134+1" },
        { "cmpxchg [rdi], esi: written back in any case", [0x0F, 0xB1, 0x37], "rw 8100+4" },
        { "cmpxchg16b [rdi]", [0x48, 0x0F, 0xC7, 0x0F], "rw 8100+16" },
        { "xadd [rdi], si", [0x66, 0x0F, 0xC1, 0x37], "rw 8100+2" },
        { "cmovz eax, [rdi]: read in any case", [0x0F, 0x44, 0x07], "r 8100+4" },
        { "movbe [rdi], eax", [0x0F, 0x38, 0xF1, 0x07], "w 8100+4" },
        { "xlat", [0xD7], "r 7044+1" },
        { "lea rax, [rdi]", [0x48, 0x8D, 0x07], "" },
        { "nop [rdi]", [0x0F, 0x1F, 0x07], "" },
        { "prefetcht0 [rdi]", [0x0F, 0x18, 0x0F], "" },
        { "invlpg [rdi]", [0x0F, 0x01, 0x3F], "" },
        { "add eax, ecx", [0x01, 0xC8], "" },
        { "vaddps zmm0, zmm1, [rdi]{1to16}", [0x62, 0xF1, 0x74, 0x58, 0x58, 0x07], "r 8100+4" },
        { "vmovups [rdi+0x40], zmm0: compressed displacement", [0x62, 0xF1, 0x7C, 0x48, 0x11, 0x47, 0x01], "w 8140+64" },
        { "vmovups [rdi]{k1}, zmm0: the mask is not known", [0x62, 0xF1, 0x7C, 0x49, 0x11, 0x07], "w? 8100+64" },
        { "vp2intersectd k2, zmm0, [rdi]", [0x62, 0xF2, 0x7F, 0x48, 0x68, 0x17], "r 8100+64" },
        { "vmovdqu [rdi], ymm0", [0xC5, 0xFE, 0x7F, 0x07], "w 8100+32" },
        { "movnti [rdi], rax", [0x48, 0x0F, 0xC3, 0x07], "w 8100+8" },
    };

    public static TheoryData<string, byte[], string> Stack => new()
    {
        { "push rdi", [0x57], "w stack a1f8+8" },
        { "push di", [0x66, 0x57], "w stack a1fe+2" },
        { "push -1", [0x6A, 0xFF], "w stack a1f8+8" },
        { "push [rdi]", [0xFF, 0x37], "r 8100+8; w stack a1f8+8" },
        { "push [rsp+8]: the address before", [0xFF, 0x74, 0x24, 0x08], "r a208+8; w stack a1f8+8" },
        { "push fs", [0x0F, 0xA0], "w stack a1f8+8" },
        { "pop [rdi]", [0x8F, 0x07], "r stack a200+8; w 8100+8" },
        { "pop [rsp+8]: the address after", [0x8F, 0x44, 0x24, 0x08], "r stack a200+8; w a210+8" },
        { "pop word [rsp]", [0x66, 0x8F, 0x04, 0x24], "r stack a200+2; w a202+2" },
        { "pop rdi", [0x5F], "r stack a200+8" },
        { "pushfq", [0x9C], "w stack a1f8+8" },
        { "popfq", [0x9D], "r stack a200+8" },
        { "call +0", [0xE8, 0, 0, 0, 0], "w stack a1f8+8" },
        { "call [rdi]", [0xFF, 0x17], "r 8100+8; w stack a1f8+8" },
        { "call far [rdi], 64-bit, from the kernel", [0x48, 0xFF, 0x1F], "r 8100+10; w stack a1f0+16" },
        { "jmp far [rdi], 32-bit", [0xFF, 0x2F], "r 8100+6" },
        { "ret", [0xC3], "r stack a200+8" },
        { "ret 16", [0xC2, 0x10, 0], "r stack a200+8" },
        { "retfq: perhaps to an outer level", [0x48, 0xCB], "r stack a200+16; r? stack a210+16" },
        { "retfq 8", [0x48, 0xCA, 0x08, 0], "r stack a200+16; r? stack a218+16" },
        { "iretq", [0x48, 0xCF], "r stack a200+40" },
        { "enter 16, 0", [0xC8, 0x10, 0, 0], "w stack a1f8+8" },
        { "enter 16, 1", [0xC8, 0x10, 0, 1], "w stack a1f0+16" },
        { "enter 16, 3", [0xC8, 0x10, 0, 3], "r stack b3f0+16; w stack a1e0+32" },
        { "enter 16, 33: the level counts modulo 32", [0xC8, 0x10, 0, 33], "w stack a1f0+16" },
        { "leave", [0xC9], "r stack b400+8" },
        { "int 0x80", [0xCD, 0x80], "r table 90800+16; w? stack a1d8+40; w? stack unknown 0" },
        { "int3", [0xCC], "r table 90030+16; w? stack a1d8+40; w? stack unknown 0" },
    };

    public static TheoryData<string, byte[], string> Strings => new()
    {
        { "stosq", [0x48, 0xAB], "w string 8100+8" },
        { "movsb", [0xA4], "w string 8100+1; r string 9300+1" },
        { "movsd fs:", [0x64, 0xA5], "w string 8100+4; r string 9500+4" },
        { "cmpsw", [0x66, 0xA7], "r string 9300+2; r string 8100+2" },
        { "scasb", [0xAE], "r string 8100+1" },
        { "lodsd", [0xAD], "r string 9300+4" },
        { "insd", [0x6D], "w string 8100+4" },
        { "outsb", [0x6E], "r string 9300+1" },
        { "rep stosq", [0xF3, 0x48, 0xAB], "w string 8100+8 *16 [8100+80]" },
        { "rep movsd", [0xF3, 0xA5], "w string 8100+4 *16 [8100+40]; r string 9300+4 *16 [9300+40]" },
        { "repne scasb", [0xF2, 0xAE], "r string 8100+1 *16 [8100+10]" },
        { "rep stosb, addresses of 32 bits", [0x67, 0xF3, 0xAA], "w string 8100+1 *16 [8100+10]" },
        { "rep insw", [0xF3, 0x66, 0x6D], "w string 8100+2 *16 [8100+20]" },
    };

    public static TheoryData<string, byte[], string> Bits => new()
    {
        { "bt [rdi], ecx: bit 16", [0x0F, 0xA3, 0x0F], "r 8100+4" },
        { "bts [rdi], edx: bit -1", [0x0F, 0xAB, 0x17], "rw 80fc+4" },
        { "btc [rdi], rdx: bit -1", [0x48, 0x0F, 0xBB, 0x17], "rw 80f8+8" },
        { "btr [rdi], r8: bit 1000", [0x4C, 0x0F, 0xB3, 0x07], "rw 8178+8" },
        { "bts [rdi], r9w: bit -17, 16 bits wide", [0x66, 0x44, 0x0F, 0xAB, 0x0F], "rw 80fc+2" },
        { "bts [rdi], 200: modulo 32", [0x0F, 0xBA, 0x2F, 0xC8], "rw 8100+4" },
    };

    public static TheoryData<string, byte[], string> System => new()
    {
        { "lgdt [rdi]", [0x0F, 0x01, 0x17], "r table 8100+10" },
        { "sidt [rdi]", [0x0F, 0x01, 0x0F], "w table 8100+10" },
        { "sldt [rdi]", [0x0F, 0x00, 0x07], "w 8100+2" },
        { "clflush [rdi+5]: its line", [0x0F, 0xAE, 0x7F, 0x05], "r cacheline 8100+64" },
        { "clwb [rdi+0x7f]", [0x66, 0x0F, 0xAE, 0x77, 0x7F], "r cacheline 8140+64" },
        { "clzero", [0x0F, 0x01, 0xFC], "w cacheline 0+64" },
        { "monitor", [0x0F, 0x01, 0xC8], "r 4+1" },
        { "monitor gs:", [0x65, 0x0F, 0x01, 0xC8], "r c004+1" },
        { "movdir64b rsi, [rdi]", [0x66, 0x0F, 0x38, 0xF8, 0x37], "r 8100+64; w 9300+64" },
        { "enqcmd rsi, [rdi]", [0xF2, 0x0F, 0x38, 0xF8, 0x37], "r 8100+64; w 9300+64" },
        { "invpcid rax, [rdi]", [0x66, 0x0F, 0x38, 0x82, 0x07], "r 8100+16" },
        { "vmptrld [rdi]", [0x0F, 0xC7, 0x37], "r 8100+8" },
        { "vmptrst [rdi]", [0x0F, 0xC7, 0x3F], "w 8100+8" },
        { "vmread [rdi], rax", [0x0F, 0x78, 0x07], "w 8100+8" },
        { "vmrun", [0x0F, 0x01, 0xD8], "rw physical 4+4096" },
        { "vmsave", [0x0F, 0x01, 0xDB], "w physical 4+4096" },
        { "rstorssp [rdi]", [0xF3, 0x0F, 0x01, 0x2F], "rw shadowstack 8100+8" },
        { "wrssq [rdi], rax", [0x48, 0x0F, 0x38, 0xF6, 0x07], "w shadowstack 8100+8" },
        { "incsspq rax", [0xF3, 0x48, 0x0F, 0xAE, 0xE8], "r shadowstack unknown 0" },
        { "tilestored [rdi+rcx], tmm0", [0xC4, 0xE2, 0x7A, 0x4B, 0x04, 0x0F], "w element unknown 0" },
        { "rsm", [0x0F, 0xAA], "r physical unknown 0" },
        { "vgatherpf0dps [rdi+zmm1]{k1}", [0x62, 0xF2, 0x7D, 0x49, 0xC6, 0x0C, 0x0F], "" },
        { "vpgatherdd: the index is not known", [0xC4, 0xE2, 0x6D, 0x90, 0x04, 0x0F], "r? element unknown 4" },
        { "vpscatterdd: neither here", [0x62, 0xF2, 0x7D, 0x49, 0xA0, 0x04, 0x8F], "w? element unknown 4" },
        { "vmaskmovps [rdi], ymm1, ymm2: nor the mask", [0xC4, 0xE2, 0x75, 0x2E, 0x17], "w? 8100+32" },
        { "maskmovdqu xmm0, xmm1", [0x66, 0x0F, 0xF7, 0xC1], "w? 8100+16" },
    };

    public static TheoryData<string, byte[], string> Areas => new()
    {
        { "fxsave [rdi]", [0x0F, 0xAE, 0x07], "w savearea 8100+512" },
        { "fxrstor [rdi]", [0x0F, 0xAE, 0x0F], "r savearea 8100+512" },
        { "fnsave [rdi]", [0xDD, 0x37], "w savearea 8100+108" },
        { "fnsave [rdi], 16 bits", [0x66, 0xDD, 0x37], "w savearea 8100+94" },
        { "fldenv [rdi]", [0xD9, 0x27], "r savearea 8100+28" },
        { "fnstenv [rdi], 16 bits", [0x66, 0xD9, 0x37], "w savearea 8100+14" },
        { "fstp tbyte [rdi]", [0xDB, 0x3F], "w 8100+10" },
        { "xsave [rdi]: SSE alone is asked for", [0x0F, 0xAE, 0x27], "rw savearea 8100+576" },
        { "xsavec [rdi]", [0x0F, 0xC7, 0x27], "w savearea 8100+576" },
        { "xrstor [rdi]", [0x0F, 0xAE, 0x2F], "r savearea 8100+576" },
    };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Ordinary))]
    [MemberData(nameof(Stack))]
    [MemberData(nameof(Strings))]
    [MemberData(nameof(Bits))]
    [MemberData(nameof(System))]
    [MemberData(nameof(Areas))]
    public void EveryAccessIsListed(string name, byte[] code, string expected)
    {
        Assert.True(_bench.Decode(code).IsSuccess(), name);
        Assert.Equal((name, expected), (name, OperandText.Of(_bench)));

        // The second time, from what was kept with the instruction.
        Assert.True(_bench.Decode(code).IsSuccess(), name);
        Assert.Equal((name, expected), (name, OperandText.Of(_bench)));
    }

    [Fact]
    public void ARepetitionThatDescendsSpansWhatPrecedes()
    {
        _bench.Regs.Flags |= 1 << 10;
        AssertOperands("w string 8100+8 *16 [8088+80]", 0xF3, 0x48, 0xAB);
    }

    [Fact]
    public void ARepetitionInAnUnknownDirectionSpansBoth()
    {
        _bench.Vcpu->PushedMask &= ~VcpuRegisters.Flags;
        AssertOperands("w string 8100+8 *16 [8088+f8]", 0xF3, 0x48, 0xAB);
    }

    [Fact]
    public void ARepetitionThatHasEndedAccessesNothing()
    {
        _bench.Regs.Rcx = 0;
        AssertOperands("", 0xF3, 0xA4);
        _bench.Regs.Rcx = 1UL << 32;
        AssertOperands("", 0x67, 0xF3, 0xA4);
        AssertOperands("w string 8100+1; r string 9300+1", 0xA4);
    }

    [Fact]
    public void ARepetitionWhoseOffsetsWrapSpansAllOffsets()
    {
        _bench.Regs.Rdi = 0xFFFF_FFF0;
        AssertOperands("w string fffffff0+8 *16 [0+100000000]", 0x67, 0xF3, 0x48, 0xAB);
    }

    [Fact]
    public void AnUnknownCounterCountsAsTheLargest()
    {
        _bench.Vcpu->PushedMask &= ~(VcpuRegisters)(1 << 1);
        Assert.StartsWith($"w? string 8100+1 *{ulong.MaxValue} [", Operands(0xF3, 0xAA), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDependsOnAnUnknownRegisterIsListedAsUnknown()
    {
        _bench.Vcpu->PushedMask = VcpuRegisters.Sufficient & ~(VcpuRegisters)((1 << 7) | (1 << 4));
        AssertOperands("w unknown 8", 0x48, 0x89, 0x37);
        AssertOperands("w stack unknown 8", 0x50);
        AssertOperands("w string unknown 1", 0xAA);
        AssertOperands("rw unknown 4", 0x0F, 0xAB, 0x17);
        AssertOperands("r unknown 8", 0x65, 0x48, 0x8B, 0x04, 0x25, 0x28, 0, 0, 0);
        AssertOperands("r table unknown 16; w? stack unknown 40; w? stack unknown 0", 0xCC);
        AssertOperands("w 9300+8", 0x48, 0x89, 0x06);
    }

    [Fact]
    public void WhatIsNotCanonicalFaults()
    {
        _bench.Regs.Rdi = 0x0000_7FFF_FFFF_FFFC;
        AssertOperands("w faults 8", 0x48, 0x89, 0x37);
        AssertOperands("w 7ffffffffffc+4", 0x89, 0x37);
        _bench.Regs.Cr4 |= 1 << 12;
        AssertOperands("w 7ffffffffffc+8", 0x48, 0x89, 0x37);
    }

    [Fact]
    public void AFarCallFromAProgramMayGoToAnotherStack()
    {
        _bench.Vcpu->Cpl = 3;
        AssertOperands("r 8100+10; w? stack a1f0+16; w? stack unknown 0", 0x48, 0xFF, 0x1F);
        AssertOperands("r stack a200+16", 0x48, 0xCB);
        AssertOperands("r table 90800+16; w? stack unknown 0", 0xCD, 0x80);
    }

    [Fact]
    public void WithShadowStacksTheReturnAddressGoesThereToo()
    {
        _bench.Regs.Cr4 |= 1 << 23;
        AssertOperands("w stack a1f8+8; w? shadowstack unknown 8", 0xE8, 0, 0, 0, 0);
        AssertOperands("r stack a200+8; r? shadowstack unknown 8", 0xC3);
    }

    private static InstructionBench Bench()
    {
        InstructionBench bench = new();
        bench.Regs.Cr0 = 1;
        bench.Regs.Rax = 4;
        bench.Regs.Rcx = 0x10;
        bench.Regs.Rdx = 0xFFFF_FFFF_FFFF_FFFF;
        bench.Regs.Rbx = 0x7040;
        bench.Regs.Rsp = 0xA200;
        bench.Regs.Rbp = 0xB400;
        bench.Regs.Rsi = 0x9300;
        bench.Regs.Rdi = 0x8100;
        bench.Regs.R8 = 1000;
        bench.Regs.R9 = 0xFFEF;
        bench.Regs.IdtBase = Tables;
        bench.Regs.Flags = 2;
        bench.Vcpu->Ia32Efer = 0x500;
        bench.Vcpu->Xcr0 = 3;
        bench.Vcpu->PushedMask |= VcpuRegisters.Flags | VcpuRegisters.Tables | VcpuRegisters.Xcr0;
        for (int i = 0; i < 4; i++)
            bench.SetSegment(i, 0x1111_0000);
        bench.SetSegment(4, 0x200);
        bench.SetSegment(5, 0xC000);
        return bench;
    }

    private void AssertOperands(string expected, params ReadOnlySpan<byte> code) => Assert.Equal(expected, Operands(code));

    private string Operands(params ReadOnlySpan<byte> code)
    {
        Assert.True(_bench.Decode(code).IsSuccess());
        return OperandText.Of(_bench);
    }
}
