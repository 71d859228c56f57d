using System.IO;

namespace Build.Tools;

/// <summary>Puts files in place in one move: a process that has mapped the former one keeps it.</summary>
public static class AtomicFile
{
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to + ".new", overwrite: true);
        File.Move(to + ".new", to, overwrite: true);
    }

    public static void Link(string path, string target)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }
}
