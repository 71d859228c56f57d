using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Engine.Abi;

namespace Engine.Hosting;

/// <summary>Builds one log line as UTF-8 on the stack; what does not fit is cut.</summary>
[InterpolatedStringHandler]
internal unsafe ref struct LogLine
{
    private Buffer _buffer;
    private int _length;

    /// <summary>Called by the compiler ahead of the text.</summary>
    public LogLine(int literalLength, int formattedCount, HostLog log, IgLogLevel level, out bool enabled)
    {
        _ = literalLength;
        _ = formattedCount;
        Unsafe.SkipInit(out _buffer);
        _length = 0;
        IsEnabled = enabled = log.IsEnabled(level);
        if (!enabled)
            return;

        AppendUtf8(level switch
        {
            IgLogLevel.Debug => "debug: "u8,
            IgLogLevel.Info => "info: "u8,
            IgLogLevel.Warning => "warning: "u8,
            IgLogLevel.Error => "error: "u8,
            _ => "critical: "u8,
        });
    }

    /// <summary>Whether there is anything to log.</summary>
    public bool IsEnabled { get; }

    [UnscopedRef]
    private Span<byte> Rest => MemoryMarshal.CreateSpan(ref Unsafe.As<Buffer, byte>(ref _buffer), Limits.MaxLogLine - 1)[_length..];

    /// <summary>Called by the compiler for the fixed parts.</summary>
    public void AppendLiteral(string text)
    {
        // As many whole characters as fit.
        Utf8.FromUtf16(text, Rest, out _, out int written);
        _length += written;
    }

    /// <summary>Called by the compiler for a number.</summary>
    public void AppendFormatted<T>(T value, string? format = null)
        where T : unmanaged, IUtf8SpanFormattable
    {
        if (value.TryFormat(Rest, out int written, format, CultureInfo.InvariantCulture))
            _length += written;
    }

    /// <summary>Called by the compiler for a status: its name.</summary>
    public void AppendFormatted(IntStatus status) => AppendUtf8(status.NameUtf8());

    /// <summary>Called by the compiler for a text.</summary>
    public void AppendFormatted(string? text)
    {
        if (text is not null)
            AppendLiteral(text);
    }

    /// <summary>Called by the compiler for UTF-8 bytes, up to the first NUL.</summary>
    public void AppendFormatted(ReadOnlySpan<byte> utf8)
    {
        int end = utf8.IndexOf((byte)0);
        AppendUtf8(end < 0 ? utf8 : utf8[..end]);
    }

    /// <summary>Called by the compiler for bytes with a format, whatever it is: they are written in hexadecimal.</summary>
    public void AppendFormatted(ReadOnlySpan<byte> bytes, string format)
    {
        _ = format;
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        for (int i = 0; i < bytes.Length && Rest.Length >= 2; i++)
        {
            Rest[0] = digits[bytes[i] >> 4];
            Rest[1] = digits[bytes[i] & 15];
            _length += 2;
        }
    }

    /// <summary>Ends the text with a NUL and returns its address, valid as long as this structure is.</summary>
    [UnscopedRef]
    internal byte* Terminate()
    {
        Unsafe.Add(ref Unsafe.As<Buffer, byte>(ref _buffer), _length) = 0;
        return (byte*)Unsafe.AsPointer(ref _buffer);
    }

    private void AppendUtf8(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> fits = utf8[..Math.Min(utf8.Length, Rest.Length)];
        fits.CopyTo(Rest);
        _length += fits.Length;
    }

    [InlineArray(Limits.MaxLogLine)]
    private struct Buffer
    {
        private byte _first;
    }
}
