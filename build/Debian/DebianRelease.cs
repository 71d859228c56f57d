using System;
using System.IO;
using System.Linq;

namespace Build.Debian;

/// <summary>Which release the machine runs.</summary>
public static class DebianRelease
{
    private const string Source = "/etc/os-release";

    /// <summary>bookworm, trixie, ..; empty if there is none.</summary>
    public static string CodeName() => Value("VERSION_CODENAME");

    /// <summary>For a person.</summary>
    public static string Name() => Value("PRETTY_NAME");

    private static string Value(string key)
    {
        if (!File.Exists(Source))
            return "";
        string? line = File.ReadLines(Source).FirstOrDefault(l => l.StartsWith(key + "=", StringComparison.Ordinal));
        return line is null ? "" : line[(key.Length + 1)..].Trim('"');
    }
}
