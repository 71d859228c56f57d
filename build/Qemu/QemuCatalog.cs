using System;
using System.Collections.Generic;
using System.IO;
using Build.Cli;
using Build.Debian;

namespace Build.Qemu;

/// <summary>Which QEMU can be had.</summary>
public static class QemuCatalog
{
    private static readonly Lazy<string?> _installed =
        new(() => Requirement.IsOnPath(QemuProgram.Name) ? QemuProgram.OnPath.Version() : null);

    /// <summary>The versions that glue/qemu supports.</summary>
    public static IReadOnlyList<string> Supported { get; } = ["7.2", QemuBackport.Version];

    /// <summary>The version of the one on PATH, null if there is none.</summary>
    public static string? Installed => _installed.Value;

    public static bool IsOf(string full, string version) =>
        full.StartsWith(version + ".", StringComparison.Ordinal) || string.Equals(full, version, StringComparison.Ordinal);

    public static bool IsInstalled(string version) => Installed is { } full && IsOf(full, version);

    public static QemuChoice Find(ProjectPaths paths, string version)
    {
        if (IsInstalled(version))
            return new QemuChoice(version, QemuProgram.OnPath, "");
        if (!string.Equals(version, QemuBackport.Version, StringComparison.Ordinal))
            return new QemuChoice(version, Program: null, $"QEMU {version} is not installed ({Installed ?? "none"} is)");
        QemuProgram unpacked = QemuBackport.Locate(paths);
        return File.Exists(unpacked.File)
            ? new QemuChoice(version, unpacked, "")
            : new QemuChoice(version, Program: null, $"QEMU {version} is neither installed nor unpacked: {WhyMissing(paths)}");
    }

    /// <summary>A version, made available if need be, or a path.</summary>
    public static QemuProgram Provide(BuildContext context, string wanted)
    {
        if (wanted.Contains('/', StringComparison.Ordinal))
            return File.Exists(wanted) ? QemuProgram.At(wanted) : throw new BuildException(ExitCode.Usage, $"no file {wanted}");
        if (string.Equals(wanted, QemuBackport.Version, StringComparison.Ordinal))
            new QemuBackport(context).Make();
        QemuChoice choice = Find(context.Paths, wanted);
        return choice.Program ?? throw new BuildException(ExitCode.Missing, choice.Reason);
    }

    private static string WhyMissing(ProjectPaths paths) =>
        File.Exists(paths.Qemu10Missing) ? File.ReadAllText(paths.Qemu10Missing) : "./build.ps1 test fetches it";
}
