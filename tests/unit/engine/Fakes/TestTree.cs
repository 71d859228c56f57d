using System;
using System.IO;

namespace Tests.Unit.Fakes;

/// <summary>Finds the sources that the tests were built from.</summary>
internal static class TestTree
{
    /// <summary>Folder that holds engine/ and tests/.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "engine", "Engine.csproj")))
                return folder;
        }

        throw new DirectoryNotFoundException("the sources are not above " + AppContext.BaseDirectory);
    }
}
