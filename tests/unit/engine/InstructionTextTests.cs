using System;
using System.Text;
using Engine;
using Engine.Instructions;
using Engine.Vcpus;
using Iced.Intel;
using Xunit;

namespace Tests.Unit;

public sealed unsafe class InstructionTextTests
{
    [Fact]
    public void BytesAndNameAreWritten() => Assert.Equal("48 89 37  mov", Text([0x48, 0x89, 0x37], Mnemonic.Mov));

    [Fact]
    public void NothingDecodedIsNothingWritten() => Assert.Equal("", Text([], Mnemonic.Mov));

    [Fact]
    public void EveryNameFitsWithTheMostBytes()
    {
        byte[] bytes = new byte[Limits.MaxInstructionLength];
        foreach (Mnemonic mnemonic in Enum.GetValues<Mnemonic>())
        {
            string text = Text(bytes, mnemonic);
            Assert.Equal(mnemonic.ToString().ToLowerInvariant(), text[((3 * bytes.Length) + 1)..]);
        }
    }

    [Fact]
    public void ANumberThatIsNoNameIsEmpty()
    {
        Assert.Equal(0, MnemonicNames.Of(ushort.MaxValue).Length);
        Assert.Equal("90  ", Text([0x90], (Mnemonic)ushort.MaxValue));
    }

    private static string Text(ReadOnlySpan<byte> bytes, Mnemonic mnemonic)
    {
        VcpuInstruction instruction = new() { Length = (byte)bytes.Length, Mnemonic = (ushort)mnemonic };
        bytes.CopyTo(new Span<byte>(instruction.Bytes, 16));
        Span<byte> text = stackalloc byte[InstructionText.MaxLength];
        text.Fill(0xEE);
        int length = InstructionText.Write(in instruction, text);
        Assert.Equal(0, text[length]);
        return Encoding.UTF8.GetString(text[..length]);
    }
}
