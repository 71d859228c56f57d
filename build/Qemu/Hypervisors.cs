using System;
using System.IO;
using System.Linq;
using Build.Cli;

namespace Build.Qemu;

/// <summary>What a guest could run on here.</summary>
public static class Hypervisors
{
    private const string Kvm = "/dev/kvm";

    public static TextTable Table(ProjectPaths paths)
    {
        TextTable table = new("hypervisor", "state", "good for");
        string installed = QemuCatalog.Installed ?? "";
        foreach (string version in QemuCatalog.Supported)
        {
            QemuChoice choice = QemuCatalog.Find(paths, version);
            table.Add($"QEMU {version}", choice.Program is null ? choice.Reason : State(choice.Program), Use(version));
        }

        if (installed.Length > 0 && !QemuCatalog.Supported.Any(QemuCatalog.IsInstalled))
            table.Add($"QEMU {installed}", "installed", "nothing: glue/qemu does not know this version");
        table.Add(Kvm, KvmState(), "test: introvm runs on it; without it, on KVM in an emulated AMD machine alone");
        return table;
    }

    private static string State(QemuProgram program) =>
        program == QemuProgram.OnPath
            ? $"installed: {program.Version()}"
            : program.Version() is { } version ? $"unpacked under artifacts/: {version}" : "unpacked, but does not start";

    private static string Use(string version) =>
        QemuCatalog.IsInstalled(version) ? "demo, test" : $"demo --qemu {version}, test";

    private static string KvmState()
    {
        if (!File.Exists(Kvm))
            return "not there";
        try
        {
            using FileStream opened = new(Kvm, FileMode.Open, FileAccess.ReadWrite);
            return "opens";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"does not open: {error.Message}";
        }
    }
}
