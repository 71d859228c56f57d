using System;
using System.Linq;
using Build.Tools;

namespace Build.Debian;

/// <summary>Asks dpkg.</summary>
public static class PackageVersion
{
    /// <summary>The installed version of a package, empty if it is not installed or there is no dpkg.</summary>
    public static string Of(string package)
    {
        if (!Requirement.IsOnPath("dpkg-query"))
            return "";
        ToolResult result = Tool.Run("dpkg-query", ["-W", "-f", "${db:Status-Status} ${Version}\n", package], "/");
        string? line = result.Output.Split('\n').FirstOrDefault(l => l.StartsWith("installed ", StringComparison.Ordinal));
        return line is null ? "" : line.Split(' ', 2)[1];
    }
}
