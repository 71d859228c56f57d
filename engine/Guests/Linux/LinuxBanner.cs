using System;
using System.Collections.Generic;
using System.Text;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>The line by which a kernel introduces itself, and the version in it.</summary>
/// <param name="Address">Where it stands.</param>
/// <param name="Text">The line, at most <see cref="Limits.MaxBanner"/> bytes of it.</param>
/// <param name="Release">The release: what uname -r says.</param>
/// <param name="Major">The version.</param>
/// <param name="Minor">The patch level.</param>
/// <param name="Patch">The sublevel: of Debian's kernels the one that stands in the rest of the line, since their releases have 0.</param>
internal sealed record LinuxBanner(ulong Address, string Text, string Release, int Major, int Minor, int Patch)
{
    /// <summary>The version in one number, 8, 8 and 16 bits: OsVersion of GUEST_INFO.</summary>
    public uint Number => ((uint)Major << 24) | ((uint)Minor << 16) | (uint)Patch;

    /// <summary>The version as people write it.</summary>
    public string Version => $"{Major}.{Minor}.{Patch}";

    private static ReadOnlySpan<byte> Prefix => "Linux version "u8;

    /// <summary>Searches for it; the list gets it when it is found.</summary>
    public static IEnumerable<WorkStep> Find(MemoryCopy memory, List<LinuxBanner> found)
    {
        for (int from = 0; from < memory.Length && found.Count == 0; from += Limits.ScannedBytesPerStep)
        {
            FindIn(memory, from, found);
            yield return default;
        }
    }

    /// <summary>Reads a line that begins at the beginning of some bytes; null: it is none.</summary>
    public static LinuxBanner? Parse(ReadOnlySpan<byte> bytes, ulong address)
    {
        if (!bytes.StartsWith(Prefix))
            return null;
        int end = bytes[..Math.Min(bytes.Length, Limits.MaxBanner)].IndexOfAny((byte)0, (byte)'\n');
        if (end < 0)
            return null;

        string text = Encoding.ASCII.GetString(bytes[..end]);
        string rest = text[Prefix.Length..];
        string release = rest.IndexOf(' ', StringComparison.Ordinal) is > 0 and int space ? rest[..space] : rest;
        Span<int> version = stackalloc int[3];
        if (!TryParse(release, version))
            return null;

        Span<int> packaged = stackalloc int[3];
        int debian = text.IndexOf("Debian ", Prefix.Length, StringComparison.Ordinal);
        while (debian >= 0)
        {
            if (TryParse(text.AsSpan(debian + 7), packaged) && packaged[..2].SequenceEqual(version[..2]))
                version[2] = packaged[2];
            debian = text.IndexOf("Debian ", debian + 7, StringComparison.Ordinal);
        }

        return new LinuxBanner(address, text, release, version[0], version[1], version[2]);
    }

    private static void FindIn(MemoryCopy memory, int from, List<LinuxBanner> found)
    {
        ReadOnlySpan<byte> bytes = memory.Bytes;
        int end = (int)Math.Min(bytes.Length, (long)from + Limits.ScannedBytesPerStep + Prefix.Length - 1);
        for (int tries = 0; tries < Limits.MaxBanners && bytes[from..end].IndexOf(Prefix) is >= 0 and int at; tries++)
        {
            if (Parse(bytes[(from + at)..], memory.Address + (ulong)(from + at)) is { } banner)
            {
                found.Add(banner);
                return;
            }

            from += at + Prefix.Length;
        }
    }

    /// <summary>Reads "A.B" or "A.B.C", whatever follows.</summary>
    private static bool TryParse(ReadOnlySpan<char> text, Span<int> version)
    {
        version.Clear();
        int parts = 0;
        while (parts < version.Length)
        {
            int digits = 0;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
                digits++;
            if (digits is 0 or > 4)
                break;
            version[parts++] = int.Parse(text[..digits], System.Globalization.CultureInfo.InvariantCulture);
            text = text[digits..];
            if (text.IsEmpty || text[0] != '.')
                break;
            text = text[1..];
        }

        return parts >= 2 && version[0] <= byte.MaxValue && version[1] <= byte.MaxValue;
    }
}
