using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Debian;
using Build.Tools;

namespace Build.Qemu;

/// <summary>
/// QEMU 10.0 from Debian 12's backports, downloaded without being installed: with an apt configuration of its own, whose mirror
/// is the one that the machine uses. Once the packages are in the cache the network is not asked again.
/// </summary>
public sealed class QemuPackages(BuildContext context)
{
    private const string Package = "qemu-system-x86";
    private const string Release = "bookworm";
    private const string Suite = Release + "-backports";

    private string Folder => Path.Combine(context.Paths.Cache, "qemu10");

    private string ListFile => Path.Combine(Folder, "packages.list");

    private string Apt => Path.Combine(context.Paths.Cache, "apt-backports");

    private string SourceList => Path.Combine(Apt, "sources.list");

    /// <summary>The package files: QEMU and what it depends on beyond what is installed.</summary>
    public IReadOnlyList<string> Get()
    {
        if (File.Exists(ListFile))
        {
            string[] cached = [.. File.ReadAllLines(ListFile).Select(name => Path.Combine(Folder, name))];
            if (cached.Length > 0 && cached.All(File.Exists))
                return cached;
        }

        string[] files = Fetch();
        Directory.CreateDirectory(Folder);
        foreach (string file in files)
            File.Move(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        Directory.Delete(Apt, recursive: true);
        string[] names = [.. files.Select(f => Path.GetFileName(f))];
        File.WriteAllLines(ListFile, names);
        return [.. names.Select(name => Path.Combine(Folder, name))];
    }

    private string[] Fetch()
    {
        if (!string.Equals(DebianRelease.CodeName(), Release, StringComparison.Ordinal))
            throw new BuildException($"it is looked for in Debian 12's backports, and this is no Debian 12 ({Release})");
        Directory.CreateDirectory(Path.Combine(Apt, "lists/partial"));
        Directory.CreateDirectory(Path.Combine(Apt, "cache/archives/partial"));
        File.WriteAllText(SourceList, $"deb {Mirror()} {Suite} main\n");
        string[] options =
        [
            "-q", "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-o", "Acquire::Languages=none",
            "-o", $"Dir::Etc::sourcelist={SourceList}", "-o", "Dir::Etc::sourceparts=-",
            "-o", $"Dir::State::lists={Apt}/lists", "-o", $"Dir::Cache={Apt}/cache",
        ];
        Tool.Check(context, "qemu10-lists", "apt-get", [.. options, "update", "--error-on=any"]);
        Tool.Check(context, "qemu10-packages", "apt-get",
            [.. options, "install", "--download-only", "-y", "--no-install-recommends", "-t", Suite, Package]);
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Apt, "cache/archives"), "*.deb").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new BuildException($"apt-get left no package of {Package}");
    }

    /// <summary>What apt would fetch the release's lists from: 'MIRROR/dists/bookworm/InRelease' NAME 0</summary>
    private string Mirror()
    {
        string uris = Tool.Check(
            context, "apt-mirror", "apt-get", "-q", "-o", "Debug::NoLocking=1", "update", "--print-uris");
        string mark = $"/dists/{Release}/InRelease'";
        string line = uris.Split('\n').FirstOrDefault(l => l.Contains(mark, StringComparison.Ordinal))
            ?? throw new BuildException($"no package source of this machine is of {Release}");
        return line.TrimStart('\'')[..(line.IndexOf(mark, StringComparison.Ordinal) - 1)];
    }
}
