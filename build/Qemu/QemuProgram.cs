using System;
using System.Collections.Generic;
using Build.Tools;

namespace Build.Qemu;

/// <summary>An emulator that can be run.</summary>
/// <param name="File">A path, or a name that is looked for on PATH.</param>
/// <param name="Arguments">What it has to be told to find its own files.</param>
public sealed record QemuProgram(
    string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    public const string Name = "qemu-system-x86_64";

    private const string VersionMark = "version ";

    /// <summary>The one that is installed.</summary>
    public static QemuProgram OnPath { get; } = At(Name);

    public static QemuProgram At(string file) => new(file, [], new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Asks the program itself; null if it does not start.</summary>
    public string? Version()
    {
        List<string> words = [];
        foreach ((string key, string value) in Environment)
            words.Add($"{key}={value}");
        ToolResult result = Tool.Run("env", [.. words, File, .. Arguments, "--version"], System.Environment.CurrentDirectory);
        return result.ExitCode == 0 ? VersionIn(result.Output) : null;
    }

    /// <summary>QEMU emulator version 7.2.22 (Debian ..)</summary>
    public static string? VersionIn(string output)
    {
        int at = output.IndexOf(VersionMark, StringComparison.Ordinal);
        return at < 0 ? null : output[(at + VersionMark.Length)..].Split([' ', '\n', '('], 2)[0];
    }
}
