using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Fetching and decoding; what an instruction stores is in the files beside this one.</summary>
public sealed unsafe class InstructionUnitTests : IDisposable
{
    private const ulong Linear = 0xFFFF_9000_0000_0000;

    private readonly InstructionBench _bench = new();
    private readonly PageTables _tables;

    public InstructionUnitTests() => _tables = new PageTables(_bench.Ram, PagingMode.Level4, 0x20000);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void ASavedInstructionHasItsOwnOperandsWhereAnotherWasDecodedBefore()
    {
        _bench.Regs.Rdi = 0x8000;
        _bench.Regs.Rbx = 0x9000;
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        Assert.True(_bench.TryFind(0x8000, out StoreOperand store));
        Assert.Equal(8, store.Size);

        // MOV [RBX],EAX, at the same address.
        Assert.Equal(IntStatus.Success, _bench.Unit.DecodeSaved(_bench.Vcpu, [0x89, 0x03]));
        Assert.False(_bench.TryFind(0x8000, out _));
        Assert.True(_bench.TryFind(0x9000, out store));
        Assert.Equal(4, store.Size);
    }

    [Fact]
    public void TheRecordShowsWhatWasDecoded()
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37, 0x90));
        ref VcpuInstruction record = ref _bench.Vcpu->Instruction;
        Assert.Equal(3, record.Length);
        Assert.Equal(64, record.Bitness);
        Assert.Equal(InstructionBench.Code, record.Rip);
        Assert.Equal([0x48, 0x89, 0x37], _bench.FetchedBytes);
        Assert.Equal((int)Iced.Intel.Code.Mov_rm64_r64, record.Code);
        Assert.Equal((int)Iced.Intel.Mnemonic.Mov, record.Mnemonic);
    }

    [Theory]
    [InlineData(IgCsType.Bits16, 16, 3, "Mov_r16_imm16")]
    [InlineData(IgCsType.Bits32, 32, 5, "Mov_r32_imm32")]
    [InlineData(IgCsType.Bits64, 64, 5, "Mov_r32_imm32")]
    public void TheCodeSegmentDecidesHowItIsRead(IgCsType csType, int bitness, int length, string code)
    {
        _bench.Vcpu->CsType = csType;
        Assert.Equal(IntStatus.Success, _bench.Decode(0xB8, 1, 2, 3, 4));
        Assert.Equal(bitness, _bench.Vcpu->Instruction.Bitness);
        Assert.Equal(length, _bench.Vcpu->Instruction.Length);
        Assert.Equal(code, _bench.Unit.Current.Code.ToString());
    }

    [Theory]
    [InlineData(IgCsType.Invalid)]
    [InlineData((IgCsType)77)]
    public void AnUnknownCodeSegmentIsNotDecoded(IgCsType csType)
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        _bench.Vcpu->CsType = csType;
        Assert.Equal(IntStatus.NotSupported, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(0, _bench.Vcpu->Instruction.Length);
    }

    [Fact]
    public void AnInstructionMayLieInTwoPagesThatAreApart()
    {
        _bench.Ram.WriteBytes(0x2FFE, 0x48, 0x89);
        _bench.Ram.WriteBytes(0x3000, 0x07, 0x90);
        _bench.Ram.WriteBytes(0x8000, 0x37, 0x90);
        MapCode(first: 0x2000, second: 0x8000);
        _bench.Regs.Rip = Linear + 0xFFE;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal([0x48, 0x89, 0x37], _bench.FetchedBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(14)]
    public void TheLongestInstructionMayBeSplitAnywhere(int before)
    {
        // lock add dword ptr fs:[rax + r12 * 4 + 0x12345678], 0x11223344 with a redundant prefix: 15 bytes
        byte[] code = [0xF0, 0x64, 0x2E, 0x42, 0x81, 0x84, 0xA0, 0x78, 0x56, 0x34, 0x12, 0x44, 0x33, 0x22, 0x11];
        _bench.Ram.WriteBytes(0x3000 - (ulong)before, code.AsSpan(0, before));
        _bench.Ram.WriteBytes(0x8000, code.AsSpan(before));
        MapCode(first: 0x2000, second: 0x8000);
        _bench.Regs.Rip = Linear + 0x1000 - (ulong)before;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(code, _bench.FetchedBytes);
    }

    [Fact]
    public void TheNextPageIsReadOnlyIfTheInstructionGoesOnThere()
    {
        _bench.Ram.WriteBytes(0x2FFD, 0x48, 0x89, 0x37);
        MapCode(first: 0x2000, second: null);
        _bench.Regs.Rip = Linear + 0xFFD;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(3, _bench.Vcpu->Instruction.Length);

        _bench.Regs.Rip = Linear + 0xFFE;
        _bench.Ram.WriteBytes(0x2FFE, 0x48, 0x89);
        Assert.Equal(IntStatus.PageNotPresent, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(0, _bench.Vcpu->Instruction.Length);

        // What is invalid in its first bytes is so whatever comes next.
        _bench.Ram.WriteBytes(0x2FFE, 0x06, 0x89);
        Assert.Equal(IntStatus.DisasmError, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
    }

    [Fact]
    public void CodeThatIsNotThereHasTheStatusOfTheWalk()
    {
        MapCode(first: 0x2000, second: null);
        _bench.Regs.Rip = Linear + 0x1000;
        Assert.Equal(IntStatus.PageNotPresent, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        _bench.Regs.Rip = 0x0000_8000_0000_0000;
        Assert.Equal(IntStatus.InvalidParameter2, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        _bench.Regs.Rip = 0x1000;
        Assert.Equal(IntStatus.NoMappingStructures, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal(0, _bench.Vcpu->Instruction.Length);
    }

    [Theory]
    [InlineData(new byte[] { 0x06 })]
    [InlineData(new byte[] { 0x0F, 0x04 })]
    [InlineData(new byte[] { 0xF0, 0x90 })]
    [InlineData(new byte[] { 0xF0, 0x48, 0x89, 0xC0 })]
    [InlineData(new byte[] { 0x62, 0x00, 0x00, 0x00, 0x00 })]
    [InlineData(new byte[] { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90 })]
    public void InvalidBytesAreAnError(byte[] code)
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        Assert.Equal(IntStatus.DisasmError, _bench.Decode(code));
        Assert.Equal(0, _bench.Vcpu->Instruction.Length);
    }

    [Fact]
    public void OutsideOf64BitCodeTheSegmentCounts()
    {
        _bench.Vcpu->CsType = IgCsType.Bits32;
        _bench.SetSegment(0, 0x5000);
        _bench.Ram.WriteBytes(0x5010, 0x57);
        _bench.Ram.WriteBytes(0x0010, 0x90);
        _bench.Regs.Rip = 0x10;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal([0x57], _bench.FetchedBytes);

        // The sum wraps at 4 GiB.
        _bench.SetSegment(0, 0xFFFF_F000);
        _bench.Regs.Rip = 0x6010;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal([0x57], _bench.FetchedBytes);

        _bench.Vcpu->CsType = IgCsType.Bits64;
        _bench.Regs.Rip = 0x10;
        Assert.Equal(IntStatus.Success, _bench.Unit.Decode(_bench.Memory, _bench.Vcpu));
        Assert.Equal([0x90], _bench.FetchedBytes);
    }

    [Fact]
    public void TheBytesInTheRecordAreThoseThatWereDecoded()
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(0x48, 0x89, 0x37));
        _bench.Ram.WriteBytes(InstructionBench.Code, 0x90, 0x90, 0x90);
        Assert.True(_bench.TryFind(_bench.Regs.Rdi, out _));
        Assert.Equal([0x48, 0x89, 0x37], _bench.FetchedBytes);
    }

    [Theory]
    [InlineData(new byte[] { 0xF3, 0xAA }, true)]
    [InlineData(new byte[] { 0xF2, 0xA4 }, true)]
    [InlineData(new byte[] { 0xAA }, false)]
    [InlineData(new byte[] { 0x48, 0x89, 0x37 }, false)]
    [InlineData(new byte[] { 0xF3, 0x48, 0x89, 0x37 }, false)]
    [InlineData(new byte[] { 0xF2, 0xC7, 0x07, 1, 0, 0, 0 }, false)]
    [InlineData(new byte[] { 0xF3, 0x0F, 0x11, 0x07 }, false)]
    public void OnlyStringInstructionsRepeat(byte[] code, bool repeats)
    {
        Assert.Equal(IntStatus.Success, _bench.Decode(code));
        Assert.Equal(repeats, _bench.Unit.Repeats);
    }

    private void MapCode(ulong first, ulong? second)
    {
        _tables.Map(Linear, first);
        if (second is { } frame)
            _tables.Map(Linear + 0x1000, frame);
        else
            _tables.Map(Linear + 0x2000, 0x9000);
        _bench.Regs.Cr0 = _tables.Cr0;
        _bench.Regs.Cr3 = _tables.Root;
        _bench.Regs.Cr4 = _tables.Cr4;
        _bench.Vcpu->Ia32Efer = _tables.Efer;
    }
}
