using System;
using System.Linq;
using System.Text;
using Build.Guest;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class CpioArchiveTests
{
    private const int HeaderLength = 110;

    [Fact]
    public void AnEntryIsHeaderNameAndContentOnFourByteBoundaries()
    {
        using CpioArchive archive = new();
        archive.AddFile("init", "abcde"u8, executable: true);
        byte[] bytes = archive.Finish();

        string header = Encoding.ASCII.GetString(bytes, 0, HeaderLength);
        Assert.StartsWith("070701" + "00000001" + "000081ed", header, StringComparison.Ordinal);
        Assert.Equal("00000005", header.Substring(54, 8));
        Assert.Equal("00000005", header.Substring(94, 8));
        Assert.Equal("init\0"u8.ToArray(), bytes.AsSpan(HeaderLength, 5).ToArray());
        Assert.Equal("abcde"u8.ToArray(), bytes.AsSpan(116, 5).ToArray());
        Assert.Equal("070701"u8.ToArray(), bytes.AsSpan(124, 6).ToArray());
        Assert.Equal(0, bytes.Length % 4);
    }

    [Fact]
    public void TheSameEntriesMakeTheSameBytes()
    {
        Assert.True(Make().SequenceEqual(Make()));

        static byte[] Make()
        {
            using CpioArchive archive = new();
            archive.AddFolder("bin");
            archive.AddFile("bin/a", "1"u8, executable: false);
            return archive.Finish();
        }
    }
}
