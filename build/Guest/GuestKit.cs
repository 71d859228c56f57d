using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Guest;

/// <summary>What a test guest boots from, under artifacts/guest.</summary>
public sealed class GuestKit(BuildContext context)
{
    private const string KernelPrefix = "vmlinuz-";

    /// <summary>Where the packages are unpacked.</summary>
    public string Unpacked => Path.Combine(context.Paths.Guest, "root");

    /// <summary>Fetches, unpacks and builds what is missing or out of date.</summary>
    public GuestImages Make()
    {
        IReadOnlyList<string> packages = new KernelPackages(context).Get();
        using Fingerprint unpackInputs = new Fingerprint().Words(packages.Append(Unpacked));
        context.Stamp("guest-unpack").Run(unpackInputs, [Unpacked], () =>
            context.Progress.Step("unpacking the guest's packages", () => Unpack(packages)));

        string release = KernelRelease();
        GuestImages images = Locate(context.Paths);
        string sources = context.Paths.In("tests/linux");
        AttackModule module = new(context, HeadersOf(release));
        using Fingerprint inputs = new Fingerprint()
            .Words(unpackInputs.Value()).Files(Path.Combine(sources, "attack"), Path.Combine(sources, "init"));
        context.Stamp("guest-images").Run(inputs, [images.Kernel, images.Initramfs], () =>
        {
            context.Progress.Step($"building the attack module for Linux {release}", module.Make);
            WriteImages(release, images, module.File, Path.Combine(sources, "init"));
        });
        return images;
    }

    /// <summary>Where the images are once they are made.</summary>
    public static GuestImages Locate(ProjectPaths paths) =>
        new(Path.Combine(paths.Guest, "vmlinuz"), Path.Combine(paths.Guest, "initramfs.cpio"));

    private void Unpack(IReadOnlyList<string> packages)
    {
        if (Directory.Exists(Unpacked))
            Directory.Delete(Unpacked, recursive: true);
        Directory.CreateDirectory(Unpacked);
        foreach (string package in packages)
            Tool.Check(context, "dpkg-deb", "dpkg-deb", "-x", package, Unpacked);
        foreach (string headers in Directory.EnumerateDirectories(Path.Combine(Unpacked, "usr/src"), "linux-headers-*"))
            Relocate(headers);
    }

    /// <summary>The headers' makefiles name the places where their packages install them: let them name the unpacked ones.</summary>
    private void Relocate(string headers)
    {
        foreach (string name in new[] { "Makefile", ".kernelvariables" })
        {
            string file = Path.Combine(headers, name);
            if (!File.Exists(file))
                continue;
            string text = File.ReadAllText(file);
            string moved = text
                .Replace(" /usr/src/", $" {Unpacked}/usr/src/", StringComparison.Ordinal)
                .Replace(" /usr/lib/linux-kbuild", $" {Unpacked}/usr/lib/linux-kbuild", StringComparison.Ordinal);
            if (!string.Equals(text, moved, StringComparison.Ordinal))
                File.WriteAllText(file, moved);
        }
    }

    /// <summary>Debian 12's package has it in /bin, that of Debian 13 in /usr/bin.</summary>
    public string Busybox()
    {
        string[] places = [Path.Combine(Unpacked, "bin/busybox"), Path.Combine(Unpacked, "usr/bin/busybox")];
        return Array.Find(places, File.Exists)
            ?? throw new BuildException($"no busybox in {Unpacked}: run ./build.ps1 clean --all");
    }

    /// <summary>The version of the guest's kernel.</summary>
    public string KernelRelease()
    {
        string[] kernels = [.. Directory.EnumerateFiles(Path.Combine(Unpacked, "boot"), KernelPrefix + "*")];
        return kernels.Length == 1
            ? Path.GetFileName(kernels[0])[KernelPrefix.Length..]
            : throw new BuildException($"{Unpacked}/boot holds {kernels.Length} kernels instead of 1: run ./build.ps1 clean --all");
    }

    private string HeadersOf(string release)
    {
        string headers = Path.Combine(Unpacked, "usr/src", "linux-headers-" + release);
        return Directory.Exists(headers)
            ? headers
            : throw new BuildException($"no headers of Linux {release} in {Unpacked}: run ./build.ps1 clean --all");
    }

    private void WriteImages(string release, GuestImages images, string module, string init)
    {
        AtomicFile.Copy(Path.Combine(Unpacked, "boot", KernelPrefix + release), images.Kernel);
        using CpioArchive archive = new();
        archive.AddFolder("bin");
        archive.AddFile("bin/busybox", File.ReadAllBytes(Busybox()), executable: true);
        archive.AddFile("init", File.ReadAllBytes(init), executable: true);
        archive.AddFile("attack.ko", File.ReadAllBytes(module), executable: false);
        File.WriteAllBytes(images.Initramfs + ".new", archive.Finish());
        File.Move(images.Initramfs + ".new", images.Initramfs, overwrite: true);
    }
}
