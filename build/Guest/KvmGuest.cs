using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Guest;

/// <summary>
/// What a machine boots from in which introvm runs on KVM: the guest kernel's own modules, introvm, the library's variant for tests, and
/// the shared objects that they need. After <see cref="GuestKit.Make"/>.
/// </summary>
public sealed class KvmGuest(BuildContext context)
{
    private static readonly string[] _modules =
        ["virt/lib/irqbypass.ko", "arch/x86/kvm/kvm.ko", "arch/x86/kvm/kvm-amd.ko"];

    /// <summary>Where the images are once they are made. The kernel is that of the other guests.</summary>
    public static GuestImages Locate(ProjectPaths paths) =>
        new(GuestKit.Locate(paths).Kernel, Path.Combine(paths.Guest, "kvm-initramfs.cpio"));

    /// <summary>Packs them, if anything in them has changed.</summary>
    public void Make()
    {
        GuestKit kit = new(context);
        SortedDictionary<string, string> files = new(StringComparer.Ordinal)
        {
            ["bin/busybox"] = kit.Busybox(),
            ["init"] = context.Paths.In("tests/guest/init"),
            ["introvm"] = context.Paths.Introvm,
            ["lib/libintrocore.so"] = context.Paths.TestLibrary,
        };
        string modules = Path.Combine(kit.Unpacked, "lib/modules", kit.KernelRelease(), "kernel");
        foreach (string module in _modules)
            files[Path.GetFileName(module)] = Path.Combine(modules, module);
        foreach (string shared in SharedObjects(context.Paths.Introvm).Concat(SharedObjects(context.Paths.TestLibrary)))
            files[shared.TrimStart('/')] = shared;

        string target = Locate(context.Paths).Initramfs;
        using Fingerprint inputs = new Fingerprint().Words(files.Keys).Files(files.Values);
        context.Stamp("kvm-guest").Run(inputs, [target], () => Write(files, target));
    }

    /// <summary>The files that the dynamic linker loads for a program or a library, itself included.</summary>
    private string[] SharedObjects(string file)
    {
        string output = Tool.Check(context, "ldd", "ldd", file);
        if (output.Contains("not found", StringComparison.Ordinal))
            throw new BuildException($"{file} needs what is not there:\n{output}");
        string[] words = output.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return [.. words.Where(word => word.StartsWith('/') && File.Exists(word))];
    }

    private static void Write(IReadOnlyDictionary<string, string> files, string target)
    {
        using CpioArchive archive = new();
        HashSet<string> folders = new(StringComparer.Ordinal);
        foreach ((string name, string file) in files)
        {
            for (int at = name.IndexOf('/', StringComparison.Ordinal); at >= 0; at = name.IndexOf('/', at + 1))
            {
                if (folders.Add(name[..at]))
                    archive.AddFolder(name[..at]);
            }

            archive.AddFile(name, File.ReadAllBytes(file), executable: true);
        }

        File.WriteAllBytes(target + ".new", archive.Finish());
        File.Move(target + ".new", target, overwrite: true);
    }
}
