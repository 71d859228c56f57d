using System;
using System.IO;
using System.Linq;

namespace Build.Debian;

/// <summary>
/// Something that a verb needs on the machine: a Debian package, and what shows that it is there, any one of them: a program
/// on PATH, or a file by its whole path.
/// </summary>
public sealed record Requirement(string Package, params string[] Signs)
{
    public bool IsMet() => Signs.Any(sign => Path.IsPathRooted(sign) ? File.Exists(sign) : IsOnPath(sign));

    public static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
