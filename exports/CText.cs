using System;

namespace Exports;

/// <summary>Texts that a caller in C gives.</summary>
internal static unsafe class CText
{
    /// <summary>A text up to its NUL; of one that is longer than anything known, the beginning.</summary>
    public static ReadOnlySpan<byte> UpToNul(byte* text, int longest)
    {
        int length = 0;
        while (length < longest && text[length] != 0)
            length++;
        return new ReadOnlySpan<byte>(text, length);
    }
}
