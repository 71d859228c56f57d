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
}
