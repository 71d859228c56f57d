using System;
using System.Globalization;

namespace Build.Runs;

/// <summary>Numbers as the plug-in and the guest's module print them.</summary>
public static class Numbers
{
    /// <summary>Decimal, or hexadecimal after 0x.</summary>
    public static bool TryParse(string text, out ulong value) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>The same text, or the same numbers with slashes in between, however many zeros they begin with.</summary>
    public static bool Same(string a, string b)
    {
        if (string.Equals(a, b, StringComparison.OrdinalIgnoreCase))
            return true;
        string[] left = a.Split('/'), right = b.Split('/');
        if (left.Length != right.Length)
            return false;
        for (int i = 0; i < left.Length; i++)
        {
            bool numbers = left[i].StartsWith("0x", StringComparison.Ordinal) && right[i].StartsWith("0x", StringComparison.Ordinal);
            if (!numbers || !TryParse(left[i], out ulong one) || !TryParse(right[i], out ulong other) || one != other)
                return false;
        }

        return true;
    }
}
