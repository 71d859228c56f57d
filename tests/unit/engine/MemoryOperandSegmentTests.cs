using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Accesses in 32- and 16-bit code: bases and limits of segments, stacks of either width, sums that wrap; and the pages of
/// an operand.</summary>
public sealed unsafe class MemoryOperandSegmentTests : IDisposable
{
    /// <summary>Accessed, readable and writable, present.</summary>
    private const ushort Data = 0x93;
    private const ushort ExpandDown = 0x97;
    private const ushort ReadOnly = 0x91;
    private const ushort Code = 0x9B;
    private const ushort Big = 0x4000;

    private readonly InstructionBench _bench = Bench();

    public static TheoryData<string, byte[], string> Accesses32 => new()
    {
        { "mov [edi], esi", [0x89, 0x37], "w 4100+4" },
        { "mov ss:[ebp+8], eax", [0x89, 0x45, 0x08], "w 5708+4" },
        { "mov es:[edi], eax", [0x26, 0x89, 0x07], "w 7100+4" },
        { "mov [bx+si], al", [0x67, 0x88, 0x00], "w 3234+1" },
        { "mov [bx+si+0xfe00], al: wraps at 64 KiB", [0x67, 0x88, 0x80, 0x00, 0xFE], "w 3034+1" },
        { "mov cs:[edi], eax: code is not written", [0x2E, 0x89, 0x07], "w faults 4" },
        { "mov eax, cs:[edi]", [0x2E, 0x8B, 0x07], "r 1100+4" },
        { "push eax", [0x50], "w stack 5ffc+4" },
        { "push cs", [0x0E], "w stack 5ffc+4" },
        { "pushad", [0x60], "w stack 5fe0+32" },
        { "popad: without ESP", [0x61], "r stack 6000+32 mask ffffffffffff0fff" },
        { "popa: without SP", [0x66, 0x61], "r stack 6000+16 mask ffffffffffffff3f" },
        { "pop [esp+4]", [0x8F, 0x44, 0x24, 0x04], "r stack 6000+4; w 6008+4" },
        { "call 0x1b:0", [0x9A, 0, 0, 0, 0, 0x1B, 0], "w stack 5ff8+8" },
        { "iretd: perhaps to virtual-8086 mode", [0xCF], "r stack 6000+12; r? stack 600c+24" },
        { "enter 0, 2", [0xC8, 0, 0, 2], "r stack 56fc+4; w stack 5ff4+12" },
        { "bound eax, [edi]", [0x62, 0x07], "r 4100+8" },
        { "les eax, [edi]", [0xC4, 0x07], "r 4100+6" },
        { "lgdt [edi]", [0x0F, 0x01, 0x17], "r table 4100+6" },
        { "int 3 from the kernel", [0xCC], "r table 90018+8; w? stack 5ff4+12; w? stack unknown 0" },
        { "movsd", [0xA5], "w string 7100+4; r string 3034+4" },
        { "xlat", [0xD7], "r 3204+1" },
        { "arpl [edi], ax", [0x63, 0x07], "rw? 4100+2" },
    };

    public static TheoryData<string, byte[], string> Accesses16 => new()
    {
        { "mov [bx+si], ax", [0x89, 0x00], "w 3234+2" },
        { "mov [bp+di], al: on the stack", [0x88, 0x03], "w 6800+1" },
        { "push ax", [0x50], "w stack 5ffe+2" },
        { "push eax", [0x66, 0x50], "w stack 5ffc+4" },
        { "pusha", [0x60], "w stack 5ff0+16" },
        { "int 0x10", [0xCD, 0x10], "r table 90040+4; w stack 5ffa+6" },
        { "into", [0xCE], "r? table 90010+4; w? stack 5ffa+6" },
        { "iret", [0xCF], "r stack 6000+6" },
        { "retf 2", [0xCA, 2, 0], "r stack 6000+4" },
        { "rep movsw", [0xF3, 0xA5], "w string 7100+2 *4 [7100+8]; r string 3034+2 *4 [3034+8]" },
        { "stosb, addresses of 32 bits", [0x67, 0xAA], "w string 7100+1" },
    };

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Accesses32))]
    public void EveryAccessOf32BitCodeIsListed(string name, byte[] code, string expected)
    {
        Assert.True(_bench.Decode(code).IsSuccess(), name);
        Assert.Equal((name, expected), (name, OperandText.Of(_bench)));
    }

    [Theory]
    [MemberData(nameof(Accesses16))]
    public void EveryAccessOfRealModeIsListed(string name, byte[] code, string expected)
    {
        RealMode();
        Assert.True(_bench.Decode(code).IsSuccess(), name);
        Assert.Equal((name, expected), (name, OperandText.Of(_bench)));
    }

    [Fact]
    public void ALimitIsTheLastByte()
    {
        _bench.Vcpu->Segments[2].Limit = 0x1103;
        AssertOperands("w 4100+4", 0x89, 0x37);
        _bench.Vcpu->Segments[2].Limit = 0x1102;
        AssertOperands("w faults 4", 0x89, 0x37);
    }

    [Fact]
    public void AnExpandDownSegmentBeginsAboveItsLimit()
    {
        Set(2, 0x3000, 0x10FF, ExpandDown | Big);
        AssertOperands("w 4100+4", 0x89, 0x37);
        Set(2, 0x3000, 0x1100, ExpandDown | Big);
        AssertOperands("w faults 4", 0x89, 0x37);
        _bench.Regs.Rdi = 0xFFFE;
        Set(2, 0x3000, 0x1000, ExpandDown);
        AssertOperands("w faults 4", 0x89, 0x37);
        AssertOperands("w 12ffe+1", 0x88, 0x07);
    }

    [Fact]
    public void WhatIsReadOnlyIsNotWritten()
    {
        Set(2, 0x3000, uint.MaxValue, ReadOnly | Big);
        AssertOperands("w faults 4", 0x89, 0x37);
        AssertOperands("r 4100+4", 0x8B, 0x37);
    }

    [Fact]
    public void TheStackHasTheWidthThatItsSegmentSays()
    {
        _bench.Regs.Rsp = 0x0003_0000;
        AssertOperands("w stack 34ffc+4", 0x50);
        Set(1, 0x5000, 0xFFFF, Data);
        AssertOperands("w stack 14ffc+4", 0x50);
        _bench.Regs.Rsp = 0x0003_0002;
        AssertOperands("w stack faults 4", 0x50);
    }

    [Fact]
    public void WithoutSegmentsNothingIsKnown()
    {
        _bench.Vcpu->PushedMask &= ~VcpuRegisters.Segments;
        AssertOperands("w unknown 4", 0x89, 0x37);
        AssertOperands("w stack unknown 4", 0x50);
    }

    [Fact]
    public void ARunGoesOnAtZeroAfter4G()
    {
        Set(2, 0, uint.MaxValue, Data | Big);
        _bench.Regs.Rdi = 0xFFFF_FFFE;
        AssertOperands("w fffffffe+4", 0x89, 0x37);
        Assert.Equal([(0xFFFF_FFFEUL, 2), (0UL, 2)], Pieces());
    }

    [Fact]
    public void AnOperandIsCutAtItsPages()
    {
        _bench.Vcpu->CsType = IgCsType.Bits64;
        _bench.Regs.Rdi = 0x8FF0;
        _bench.Decode(0x0F, 0xAE, 0x07);
        Assert.Equal([(0x8FF0UL, 16), (0x9000UL, 496)], Pieces());

        _bench.Regs.Rdi = 0xFFFF_FFFF_FFFF_FFFC;
        _bench.Decode(0x48, 0x89, 0x37);
        Assert.Equal([(0xFFFF_FFFF_FFFF_FFFCUL, 4), (0UL, 4)], Pieces());
    }

    [Fact]
    public void ARepetitionIsCutInItsOrder()
    {
        _bench.Vcpu->CsType = IgCsType.Bits64;
        _bench.Regs.Rcx = 0x401;
        _bench.Regs.Rdi = 0x8FFC;
        _bench.Decode(0xF3, 0x48, 0xAB);
        Assert.Equal([(0x8FFCUL, 4), (0x9000UL, 4096), (0xA000UL, 4096), (0xB000UL, 4)], Pieces());
        _bench.Regs.Flags |= 1 << 10;
        Assert.Equal([(0x9000UL, 4), (0x8000UL, 4096), (0x7000UL, 4096), (0x6FFCUL, 4)], Pieces());
    }

    [Fact]
    public void PiecesAreBounded()
    {
        _bench.Vcpu->CsType = IgCsType.Bits64;
        _bench.Regs.Rcx = ulong.MaxValue;
        _bench.Regs.Rdi = 0x8123;
        _bench.Decode(0xF3, 0xAA);
        MemoryOperand operand = First();
        OperandPieces pieces = operand.Pieces;
        int count = 0;
        ulong expected = 0x8123;
        for (; pieces.MoveNext(); count++)
        {
            Assert.Equal(expected, pieces.Current.Linear);
            expected += (ulong)pieces.Current.Size;
        }

        Assert.Equal(Engine.Limits.MaxOperandPages, count);
        Assert.True(pieces.IsCut);
    }

    private static InstructionBench Bench()
    {
        InstructionBench bench = new(IgCsType.Bits32);
        bench.Regs.Cr0 = 1;
        bench.Regs.Flags = 2;
        bench.Regs.IdtBase = 0x9_0000;
        bench.Regs.Rax = 4;
        bench.Regs.Rcx = 0xDEAD_0000_0000_0004;
        bench.Regs.Rbx = 0x0200;
        bench.Regs.Rsp = 0xDEAD_0000_0000_1000;
        bench.Regs.Rbp = 0x0700;
        bench.Regs.Rsi = 0x0034;
        bench.Regs.Rdi = 0xDEAD_0000_0000_1100;
        bench.Vcpu->PushedMask |= VcpuRegisters.Segments | VcpuRegisters.Flags | VcpuRegisters.Tables;
        for (int i = 0; i < 6; i++)
            bench.Vcpu->Segments[i] = new VcpuSegment { Base = Bases[i], Limit = uint.MaxValue, Attributes = Data | Big };
        bench.Vcpu->Segments[0].Attributes = Code | Big;
        return bench;
    }

    private static ReadOnlySpan<ulong> Bases => [0, 0x5000, 0x3000, 0x6000, 0x7000, 0x8000];

    private void RealMode()
    {
        _bench.Vcpu->CsType = IgCsType.Bits16;
        _bench.Regs.Cr0 = 0;
        for (int i = 0; i < 6; i++)
            _bench.Vcpu->Segments[i] = new VcpuSegment { Base = Bases[i], Limit = 0xFFFF, Attributes = Data };
    }

    private void Set(int segment, ulong segmentBase, uint limit, int attributes) => _bench.Vcpu->Segments[segment] =
        new VcpuSegment { Base = segmentBase, Limit = limit, Attributes = (ushort)attributes };

    private void AssertOperands(string expected, params ReadOnlySpan<byte> code)
    {
        Assert.True(_bench.Decode(code).IsSuccess());
        Assert.Equal(expected, OperandText.Of(_bench));
    }

    private MemoryOperand First()
    {
        MemoryOperand[] operands = new MemoryOperand[Engine.Limits.MaxMemoryOperands];
        Assert.NotEqual(0, _bench.Unit.ListOperands(_bench.Vcpu, operands));
        return operands[0];
    }

    private (ulong Linear, int Size)[] Pieces()
    {
        MemoryOperand operand = First();
        System.Collections.Generic.List<(ulong, int)> pieces = [];
        foreach (OperandPiece piece in operand.Pieces)
            pieces.Add((piece.Linear, piece.Size));
        return [.. pieces];
    }
}
