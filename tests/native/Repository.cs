using System;
using System.IO;

namespace Tests.Native;

/// <summary>Where the sources are: the folder of Engine.sln, above the running program.</summary>
public static class Repository
{
    private const string Marker = "Engine.sln";

    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    /// <summary>The header of the boundary.</summary>
    public static string Header => In("exports/include/introcore.h");

    /// <summary>A path below the root.</summary>
    public static string In(string relative) => Path.Combine(Root, relative);

    private static string Find(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no {Marker} above {start}");
    }
}
