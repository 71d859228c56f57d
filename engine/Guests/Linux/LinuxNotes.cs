using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Engine.Guests.Linux;

/// <summary>ELF notes of a kernel: its build id, and what it keeps for crash dumps (spec/33, 2.1).</summary>
internal static class LinuxNotes
{
    private const int HeaderSize = 12;
    private const uint BuildIdType = 3;

    /// <summary>The build id among notes, in hexadecimal; null: there is none.</summary>
    public static string? FindBuildId(ReadOnlySpan<byte> notes)
    {
        for (int count = 0; count < Limits.MaxNotes && notes.Length >= HeaderSize; count++)
        {
            uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            ulong data = HeaderSize + Align(nameSize);
            ulong next = data + Align(size);
            if (data + size > (ulong)notes.Length)
                return null;
            if (type == BuildIdType && size is >= 8 and <= 64 && notes.Slice(HeaderSize, (int)nameSize).SequenceEqual("GNU\0"u8))
                return Convert.ToHexStringLower(notes.Slice((int)data, (int)size));
            notes = next >= (ulong)notes.Length ? default : notes[(int)next..];
        }

        return null;
    }

    /// <summary>Lines "key=value" of the text for crash dumps; empty: it is none.</summary>
    public static Dictionary<string, string> ReadCrashText(ReadOnlySpan<byte> text)
    {
        Dictionary<string, string> lines = new(StringComparer.Ordinal);
        if (!text.StartsWith("OSRELEASE="u8))
            return lines;
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range];
            int equals = line.IndexOf((byte)'=');
            if (equals > 0 && lines.Count < Limits.MaxCrashLines)
                lines[Encoding.ASCII.GetString(line[..equals])] = Encoding.ASCII.GetString(line[(equals + 1)..]);
        }

        return lines;
    }

    /// <summary>A number of one of the lines, in hexadecimal or decimal as its key has it. False: there is none.</summary>
    public static bool TryReadNumber(Dictionary<string, string> lines, string key, out ulong value)
    {
        value = 0;
        if (!lines.TryGetValue(key, out string? text))
            return false;
        bool isDecimal = key.StartsWith("NUMBER", StringComparison.Ordinal);
        return ulong.TryParse(
            text, isDecimal ? NumberStyles.Integer : NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value);
    }

    private static ulong Align(uint size) => ((ulong)size + 3) & ~3UL;
}
