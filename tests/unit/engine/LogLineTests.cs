using System;
using System.Linq;
using System.Text;
using Engine;
using Engine.Abi;
using Engine.Hosting;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class LogLineTests
{
    private const int MaxText = Limits.MaxLogLine - 1;

    private readonly FakeLog _sink = new();
    private readonly HostLog _log;

    public LogLineTests() => _log = _sink.Open();

    private string Line => Assert.Single(_sink.Lines);

    [Theory]
    [InlineData(IgLogLevel.Debug, "debug: text")]
    [InlineData(IgLogLevel.Info, "info: text")]
    [InlineData(IgLogLevel.Warning, "warning: text")]
    [InlineData(IgLogLevel.Error, "error: text")]
    [InlineData(IgLogLevel.Critical, "critical: text")]
    public void ALineSaysItsLevel(IgLogLevel level, string line)
    {
        _log.Write(level, $"text");
        Assert.Equal(line, Line);
    }

    [Fact]
    public void ValuesAreWrittenInOrder()
    {
        ulong address = 0xFFFF_8000_0000_0010;
        string? none = null;
        _log.Write(IgLogLevel.Info, $"a {1} b {-2L} c {address:x} d {IntStatus.NotFound} e {"text"} f {none}.");
        Assert.Equal("info: a 1 b -2 c ffff800000000010 d INT_STATUS_NOT_FOUND e text f .", Line);
    }

    [Fact]
    public void BytesAreTextOrHexadecimal()
    {
        ReadOnlySpan<byte> text = "name\0rest"u8;
        ReadOnlySpan<byte> bytes = [0x00, 0x9A, 0xFF];
        ReadOnlySpan<byte> nothing = [];
        _log.Write(IgLogLevel.Info, $"{text} {bytes:hex} [{nothing}] [{nothing:hex}]");
        Assert.Equal("info: name 009aff [] []", Line);
    }

    [Fact]
    public void TextAboveTheLimitIsCut()
    {
        string text = new('x', 1000);
        _log.Write(IgLogLevel.Info, $"{text} and {text}");
        Assert.Equal(("info: " + text)[..MaxText], Line);
        Assert.Equal(MaxText, _sink.Longest);
    }

    [Theory]
    [InlineData("é")]
    [InlineData("語")]
    [InlineData("a𝄞")]
    public void TextOfManyBytesIsCutAndNotLost(string character)
    {
        string text = string.Concat(Enumerable.Repeat(character, 400));
        _log.Write(IgLogLevel.Info, $"{text}");
        Assert.InRange(Encoding.UTF8.GetByteCount(Line), MaxText - 8, MaxText);
        Assert.StartsWith("info: " + character, Line, StringComparison.Ordinal);
        Assert.DoesNotContain('\ufffd', Line);
    }

    [Fact]
    public void TextThatIsNoUnicodeIsReplaced()
    {
        string text = "a" + (char)0xD800 + "b" + (char)0xDC00;
        _log.Write(IgLogLevel.Info, $"{text}");
        Assert.Equal("info: a\ufffdb\ufffd", Line);
    }

    [Theory]
    [InlineData(MaxText - 8)]
    [InlineData(MaxText - 7)]
    [InlineData(MaxText - 6)]
    [InlineData(MaxText - 5)]
    [InlineData(MaxText)]
    public void WhatDoesNotFitIsLeftOutAtEveryEnd(int length)
    {
        string text = new('x', length - "info: ".Length);
        ReadOnlySpan<byte> bytes = [0x12, 0x34, 0x56, 0x78];
        ReadOnlySpan<byte> utf8 = "abcdef"u8;
        _log.Write(IgLogLevel.Info, $"{text}{bytes:hex}");
        _log.Write(IgLogLevel.Info, $"{text}{utf8}");
        _log.Write(IgLogLevel.Info, $"{text}{IntStatus.NotFound}");
        _log.Write(IgLogLevel.Info, $"{text}{ulong.MaxValue:x}");
        Assert.All(_sink.Lines, line => Assert.InRange(line.Length, length, MaxText));
        Assert.StartsWith("info: " + text, _sink.Lines[0], StringComparison.Ordinal);
        int room = MaxText - length;
        Assert.Equal("12345678"[..(Math.Min(room, 8) & ~1)], _sink.Lines[0][length..]);
        Assert.Equal("abcdef"[..Math.Min(room, 6)], _sink.Lines[1][length..]);
    }

    [Fact]
    public void BelowTheLevelNothingIsEvenFormatted()
    {
        int formatted = 0;
        int Count() => ++formatted;
        _log.Level = IgLogLevel.Warning;
        _log.Write(IgLogLevel.Debug, $"{Count()}");
        _log.Write(IgLogLevel.Info, $"{Count()}");
        Assert.Equal((0, 0), (formatted, _sink.Count));
        _log.Write(IgLogLevel.Warning, $"{Count()}");
        _log.Write(IgLogLevel.Critical, $"{Count()}");
        Assert.Equal((2, 2), (formatted, _sink.Count));
        Assert.False(_log.IsEnabled(IgLogLevel.Info));
        Assert.True(_log.IsEnabled(IgLogLevel.Error));
    }

    [Fact]
    public void WithoutATracePrintNothingIsLogged()
    {
        int formatted = 0;
        int Count() => ++formatted;
        HostLog silent = new(0, FakeShim.WithoutCopy);
        silent.Write(IgLogLevel.Critical, $"{Count()}");
        HostLog noShim = new(_sink.Address, default);
        noShim.Write(IgLogLevel.Critical, $"{Count()}");
        Assert.Equal((0, 0), (formatted, _sink.Count));
    }

    [Fact]
    public void TheDefaultLevelIsInfo()
    {
        HostLog log = new(_sink.Address, FakeShim.WithoutCopy);
        Assert.Equal(IgLogLevel.Info, log.Level);
        log.Write(IgLogLevel.Debug, $"no");
        Assert.Equal(0, _sink.Count);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        _sink.Keep = false;
        byte[] bytes = [1, 2, 3, 4];
        Log(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Log(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2200, _sink.Count);

        void Log(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                _log.Write(IgLogLevel.Error, $"{"name"} at {(ulong)i:x} by {i} [{bytes.AsSpan():hex}] {IntStatus.Busy} {i:d8}");
                _log.Write(IgLogLevel.Info, $"again {i}");
                _log.Level = IgLogLevel.Info;
                _log.Write(IgLogLevel.Debug, $"never {i}");
            }
        }
    }
}
