using System.IO;
using Build.Tools;

namespace Build.Guest;

/// <summary>Builds the guest's kernel module from a copy of its sources, outside of the source tree.</summary>
public sealed class AttackModule(BuildContext context, string headers)
{
    private string Folder => Path.Combine(context.Paths.Guest, "attack");

    public string File => Path.Combine(Folder, "attack.ko");

    public void Make()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
        foreach (string source in Directory.EnumerateFiles(context.Paths.In("tests/linux/attack")))
            System.IO.File.Copy(source, Path.Combine(Folder, Path.GetFileName(source)));
        Tool.Check(context, "attack-module", "make", "-s", "-C", Folder, "KERNEL_HEADERS=" + headers, "modules");
    }
}
