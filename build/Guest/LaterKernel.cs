using System;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Guest;

/// <summary>Linux 6.12 of Debian 12's backports for tests, downloaded without being installed; where it cannot be had, a file says why.
/// </summary>
public sealed class LaterKernel(BuildContext context)
{
    private const string MetaPackage = "linux-image-6.12-cloud-amd64";
    private const string ImagePrefix = "linux-image-";

    private string Folder => Path.Combine(context.Paths.Cache, "later-kernel");

    /// <summary>Fetches and unpacks it, unless it is there.</summary>
    public void TryMake()
    {
        try
        {
            string package = Cached() ?? Fetch();
            string kernel = context.Paths.LaterKernel;
            using Fingerprint inputs = new Fingerprint().Words([package]);
            context.Stamp("later-kernel").Run(inputs, [kernel], () => Unpack(package, kernel));
            File.Delete(context.Paths.LaterKernelMissing);
        }
        catch (BuildException error)
        {
            Directory.CreateDirectory(context.Paths.Artifacts);
            File.WriteAllText(context.Paths.LaterKernelMissing, error.Message.Split('\n', 2)[0]);
            context.Progress.Line($"going on without Linux 6.12: {error.Message}");
        }
    }

    private string? Cached() =>
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "*.deb").Order(StringComparer.Ordinal).LastOrDefault() : null;

    private string Fetch()
    {
        Directory.CreateDirectory(Folder);
        AptArchive archive = new(context);
        context.Progress.Step("fetching Linux 6.12", () =>
        {
            archive.UseOwnLists();
            string image = archive.Depends(MetaPackage).FirstOrDefault(p => p.StartsWith(ImagePrefix, StringComparison.Ordinal))
                ?? throw new BuildException($"the package sources have no {MetaPackage}: are Debian 12's backports among them?");
            archive.Download([image], Folder);
            archive.DropOwnLists();
        });
        return Cached() ?? throw new BuildException($"apt-get download left no file in {Folder}");
    }

    private void Unpack(string package, string kernel)
    {
        string folder = Path.Combine(Path.GetDirectoryName(kernel)!, "later-root");
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Tool.Check(context, "later-kernel", "dpkg-deb", "-x", package, folder);
        string image = Directory.EnumerateFiles(Path.Combine(folder, "boot"), "vmlinuz-*").FirstOrDefault()
            ?? throw new BuildException($"no kernel in {package}");
        AtomicFile.Copy(image, kernel);
        Directory.Delete(folder, recursive: true);
    }
}
