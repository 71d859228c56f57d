using System;
using System.Collections.Generic;
using System.IO;
using Build.Cli;
using Build.Tools;

namespace Build.Qemu;

/// <summary>QEMU 10.0 beside the installed one, unpacked under artifacts/.</summary>
public sealed class QemuBackport(BuildContext context)
{
    public const string Version = "10.0";

    /// <summary>Fetches and unpacks it unless it is there or the installed one is of that version.</summary>
    /// <exception cref="BuildException">It cannot be had; the reason is kept for those who ask later.</exception>
    public void Make()
    {
        if (QemuCatalog.IsInstalled(Version))
            return;
        try
        {
            Provide();
            File.Delete(context.Paths.Qemu10Missing);
        }
        catch (BuildException error)
        {
            Directory.CreateDirectory(context.Paths.Artifacts);
            File.WriteAllText(context.Paths.Qemu10Missing, error.Message.Split('\n', 2)[0]);
            throw;
        }
    }

    /// <summary>The same where one can do without it.</summary>
    public void TryMake()
    {
        try
        {
            Make();
        }
        catch (BuildException error)
        {
            context.Progress.Line($"going on without QEMU {Version}: {error.Message}");
        }
    }

    /// <summary>The unpacked program.</summary>
    public static QemuProgram Locate(ProjectPaths paths)
    {
        string share = Path.Combine(paths.Qemu10, "usr/share");
        string libraries = Path.Combine(paths.Qemu10, "usr/lib/x86_64-linux-gnu");
        return new QemuProgram(
            Path.Combine(paths.Qemu10, "usr/bin", QemuProgram.Name),
            ["-L", Path.Combine(share, "qemu"), "-L", Path.Combine(share, "seabios")],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["LD_LIBRARY_PATH"] = libraries,
                ["QEMU_MODULE_DIR"] = Path.Combine(libraries, "qemu"),
            });
    }

    private void Provide()
    {
        IReadOnlyList<string> packages = [];
        context.Progress.Step($"providing QEMU {Version}", () => packages = new QemuPackages(context).Get());
        QemuProgram program = Locate(context.Paths);
        using Fingerprint inputs = new Fingerprint().Words(packages);
        context.Stamp("qemu10").Run(inputs, [program.File], () => Unpack(packages));
        string? version = program.Version();
        if (version is null || !QemuCatalog.IsOf(version, Version))
            throw new BuildException($"the unpacked QEMU does not start as {Version} (it says {version ?? "nothing"})");
    }

    private void Unpack(IEnumerable<string> packages)
    {
        if (Directory.Exists(context.Paths.Qemu10))
            Directory.Delete(context.Paths.Qemu10, recursive: true);
        Directory.CreateDirectory(context.Paths.Qemu10);
        foreach (string package in packages)
            Tool.Check(context, "qemu10-unpack", "dpkg-deb", "-x", package, context.Paths.Qemu10);
    }
}
