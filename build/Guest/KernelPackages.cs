using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;

namespace Build.Guest;

/// <summary>
/// The Debian packages of the guest, downloaded without being installed: the kernel that the archive's metapackage points to,
/// its headers of the same version, and a shell. Once they are in the cache the network is not asked again.
/// </summary>
public sealed class KernelPackages(BuildContext context)
{
    private const string KernelMetaPackage = "linux-image-cloud-amd64";
    private const string ImagePrefix = "linux-image-";
    private const string ShellPackage = "busybox-static";

    private string Folder => Path.Combine(context.Paths.Cache, "deb");

    private string ListFile => Path.Combine(Folder, "guest.list");

    /// <summary>The package files.</summary>
    public IReadOnlyList<string> Get()
    {
        if (File.Exists(ListFile))
        {
            string[] cached = [.. File.ReadAllLines(ListFile).Select(name => Path.Combine(Folder, name))];
            if (cached.Length > 0 && cached.All(File.Exists))
                return cached;
        }

        Directory.CreateDirectory(Folder);
        IReadOnlyList<string> files = Fetch(new AptArchive(context));
        File.WriteAllLines(ListFile, files.Select(f => Path.GetFileName(f)));
        return files;
    }

    private IReadOnlyList<string> Fetch(AptArchive archive)
    {
        try
        {
            // The machine's package lists may be old or missing; lists of our own need no rights.
            context.Progress.Step("fetching Debian's package lists", archive.UseOwnLists);
        }
        catch (BuildException error)
        {
            context.Progress.Line($"working with the machine's package lists instead: {error.Message}");
            archive.UseMachineLists();
        }

        IReadOnlyList<string> files = FetchOnce(archive);
        archive.DropOwnLists();
        return files;
    }

    private IReadOnlyList<string> FetchOnce(AptArchive archive)
    {
        string image = archive.Depends(KernelMetaPackage).FirstOrDefault(p => p.StartsWith(ImagePrefix, StringComparison.Ordinal))
            ?? throw new BuildException($"package {KernelMetaPackage} names no kernel; is Debian's archive in the package sources?");
        string headers = "linux-headers-" + image[ImagePrefix.Length..];
        string[] parts = [.. archive.Depends(headers).Where(IsPartOfHeaders)];
        string[] packages = [image, headers, .. parts, ShellPackage];
        context.Progress.Step(
            $"fetching the guest's packages: {string.Join(", ", packages)}", () => archive.Download(packages, Folder));
        return [.. packages.Select(FileOf)];
    }

    private static bool IsPartOfHeaders(string package) =>
        package.StartsWith("linux-headers-", StringComparison.Ordinal)
        || package.StartsWith("linux-kbuild-", StringComparison.Ordinal);

    private string FileOf(string package) =>
        Directory.EnumerateFiles(Folder, package + "_*.deb").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
        ?? throw new BuildException($"apt-get download {package} left no file in {Folder}");
}
