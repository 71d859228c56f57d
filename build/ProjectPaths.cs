using System;
using System.IO;
using Build.Cli;

namespace Build;

/// <summary>Where things are in the project's folder.</summary>
public sealed class ProjectPaths(string root)
{
    public string Root { get; } = root;

    public string Artifacts => In("artifacts");

    public string LockFile => In("artifacts/.lock");

    /// <summary>The build program itself, as build.ps1 runs it.</summary>
    public string BuildProgram => In("artifacts/build");

    /// <summary>Downloads; kept by a plain clean.</summary>
    public string Cache => In("artifacts/cache");

    public string Stamps => In("artifacts/stamps");

    public string Logs => In("artifacts/log");

    public string Library => In("artifacts/lib/libintrocore.so");

    public string TestLibrary => In("artifacts/test/lib/libintrocore.so");

    /// <summary>The library that allows whatever the real one says, for tests.</summary>
    public string AllowAllLibrary => In("artifacts/test/lib/liballow-all.so");

    /// <summary>The library that traps the execution of a page and reads of another besides, for tests.</summary>
    public string WatchLibrary => In("artifacts/test/lib/libwatch.so");

    /// <summary>The initramfs of a guest that can start another kernel, for tests.</summary>
    public string KexecInitramfs => In("artifacts/test/guest/kexec.cpio");

    /// <summary>The glue for KVM, as an archive.</summary>
    public string KvmGlue => In("artifacts/glue/libintrocore-kvm.a");

    /// <summary>The minimal VMM that comes with it.</summary>
    public string Introvm => In("artifacts/glue/introvm");

    public string QemuPlugin => In("artifacts/glue/introcore-qemu.so");

    public string TestProgram => In("artifacts/dotnet/bin/Tests/release/Tests");

    /// <summary>QEMU 10.0, unpacked; or a file that says why it is not there.</summary>
    public string Qemu10 => In("artifacts/qemu10");

    public string Qemu10Missing => In("artifacts/qemu10.missing");

    public string Guest => In("artifacts/guest");

    /// <summary>Linux 6.12 for tests; or a file that says why it is not there.</summary>
    public string LaterKernel => In("artifacts/guest/vmlinuz-6.12");

    public string LaterKernelMissing => In("artifacts/later-kernel.missing");

    public string In(string relative) => Path.Combine(Root, relative);

    /// <summary>Looks upward from the running program for the project's folder.</summary>
    public static ProjectPaths Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "build.ps1")) && File.Exists(Path.Combine(at.FullName, "global.json")))
                return new ProjectPaths(at.FullName);
        }

        throw new BuildException($"no project (a folder with build.ps1 and global.json) above {AppContext.BaseDirectory}");
    }
}
