using System;
using System.Buffers.Binary;

namespace Engine.Symbols.Kallsyms;

/// <summary>The 256 texts that the bytes of a compressed name stand for.</summary>
internal sealed class KallsymsTokens
{
    /// <summary>Number of tokens.</summary>
    public const int Count = 256;

    /// <summary>The code of the digit 0, which stands for itself: only letters that a name has can be tokens of their own.</summary>
    private const int DigitZero = '0';

    private readonly byte[] _texts;
    private readonly ushort[] _starts;

    private KallsymsTokens(byte[] texts, ushort[] starts, int start, int end)
    {
        _texts = texts;
        _starts = starts;
        Start = start;
        End = end;
    }

    /// <summary>Where the table begins in the memory that was searched.</summary>
    public int Start { get; }

    /// <summary>The end of the index behind it.</summary>
    public int End { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int Longest
    {
        get
        {
            int longest = 0;
            for (int i = 0; i < Count; i++)
                longest = Math.Max(longest, _starts[i + 1] - _starts[i] - 1);
            return longest;
        }
    }

    /// <summary>The text of a token.</summary>
    public ReadOnlySpan<byte> this[byte token] => _texts.AsSpan(_starts[token], _starts[token + 1] - _starts[token] - 1);

    /// <summary>
    /// The table around the run of digits at an offset; null: there is none. The index behind it has to agree with all 256 texts, so
    /// that a run in another table is no match.
    /// </summary>
    public static KallsymsTokens? TryRead(ReadOnlySpan<byte> memory, int digits)
    {
        Span<int> ends = stackalloc int[Count];
        int start = digits;
        for (int token = DigitZero - 1; token > 0; token--)
        {
            ends[token] = start - 1;
            if (!TryGoBack(memory, ref start))
                return null;
        }

        int end = digits;
        for (int token = DigitZero; token < Count; token++)
        {
            if (!TryGoOn(memory, ref end))
                return null;
            ends[token] = end - 1;
        }

        // Where the first text begins is not written anywhere; a table is aligned.
        ends[0] = start - 1;
        if (start == 0 || memory[start - 1] != 0)
            return null;
        for (int first = start - 1; first >= 0 && start - 1 - first <= Limits.MaxKallsymsToken; first--)
        {
            if (first < start - 1 && memory[first] == 0)
                return null;
            if (first % sizeof(ulong) == 0 && Agrees(memory, first, ends) is { } starts)
            {
                int index = Align(end);
                return new KallsymsTokens(
                    memory[first..end].ToArray(), starts, first, index + (Count * sizeof(ushort)));
            }
        }

        return null;
    }

    /// <summary>The next multiple of 8.</summary>
    public static int Align(int offset) => (offset + (sizeof(ulong) - 1)) & -sizeof(ulong);

    private static bool TryGoBack(ReadOnlySpan<byte> memory, ref int start)
    {
        int end = start - 1;
        if (end < 0 || memory[end] != 0)
            return false;
        int from = Math.Max(0, end - Limits.MaxKallsymsToken - 1);
        int before = memory[from..end].LastIndexOf((byte)0);
        start = from + before + 1;
        return before >= 0;
    }

    private static bool TryGoOn(ReadOnlySpan<byte> memory, ref int start)
    {
        int length = memory[start..Math.Min(memory.Length, start + Limits.MaxKallsymsToken + 1)].IndexOf((byte)0);
        start += length + 1;
        return length >= 0;
    }

    /// <summary>The starts of the texts, if the index behind the table has them.</summary>
    private static ushort[]? Agrees(ReadOnlySpan<byte> memory, int first, ReadOnlySpan<int> ends)
    {
        int index = Align(ends[^1] + 1);
        if (index + (Count * sizeof(ushort)) > memory.Length)
            return null;

        ushort[] starts = new ushort[Count + 1];
        for (int token = 0; token < Count; token++)
        {
            int expected = token == 0 ? 0 : ends[token - 1] + 1 - first;
            if (BinaryPrimitives.ReadUInt16LittleEndian(memory[(index + (token * sizeof(ushort)))..]) != expected)
                return null;
            starts[token] = (ushort)expected;
        }

        int total = ends[^1] + 1 - first;
        starts[Count] = (ushort)total;
        return total <= ushort.MaxValue ? starts : null;
    }
}
