using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Guest;

/// <summary>Debian's archive through apt: questions and downloads that change nothing on the machine.</summary>
public sealed class AptArchive(BuildContext context)
{
    private static readonly string[] _plain = ["-q", "-o", "APT::Sandbox::User=root"];

    private string[] _options = _plain;

    private string OwnFolder => Path.Combine(context.Paths.Cache, "apt");

    /// <summary>The names of the packages that a package depends on.</summary>
    public IEnumerable<string> Depends(string package)
    {
        const string Mark = "Depends: ";
        string output = Tool.Check(context, "apt-cache", "apt-cache", [.. _options, "depends", "--important", package]);
        return output.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith(Mark, StringComparison.Ordinal))
            .Select(l => l[Mark.Length..]).ToArray();
    }

    public void Download(IEnumerable<string> packages, string folder)
    {
        ToolResult result = Tool.Run("apt-get", [.. _options, "download", .. packages], folder);
        if (result.ExitCode != 0)
            throw new BuildException($"apt-get download failed: is the package archive in reach?\n{result.Output}");
    }

    /// <summary>From now on works with freshly fetched lists in the project's cache instead of the machine's.</summary>
    public void UseOwnLists()
    {
        string folder = OwnFolder;
        Directory.CreateDirectory(Path.Combine(folder, "lists/partial"));
        Directory.CreateDirectory(Path.Combine(folder, "cache/archives/partial"));
        _options = [.. _plain, "-o", $"Dir::State::lists={folder}/lists", "-o", $"Dir::Cache={folder}/cache"];
        Tool.Check(context, "apt-update", "apt-get", [.. _options, "update", "--error-on=any"]);
    }

    /// <summary>The lists are many times the size of the packages, and old by the time they are needed again.</summary>
    public void DropOwnLists()
    {
        if (Directory.Exists(OwnFolder))
            Directory.Delete(OwnFolder, recursive: true);
    }

    public void UseMachineLists() => _options = _plain;
}
