using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Build.Tools;

/// <summary>Remembers from which inputs a step's outputs were made, so that the step can be left out.</summary>
public sealed class Stamp(ProjectPaths paths, string name)
{
    private string File => Path.Combine(paths.Stamps, name);

    /// <summary>Does the step unless its outputs are there and were made from the same inputs.</summary>
    /// <returns>Whether there was something to do.</returns>
    public bool Run(Fingerprint inputs, IReadOnlyList<string> outputs, Action make)
    {
        string value = inputs.Value();
        if (outputs.All(Exists) && System.IO.File.Exists(File)
            && string.Equals(System.IO.File.ReadAllText(File), value, StringComparison.Ordinal))
        {
            return false;
        }

        Directory.CreateDirectory(paths.Stamps);
        System.IO.File.Delete(File);
        make();
        System.IO.File.WriteAllText(File, value);
        return true;
    }

    private static bool Exists(string path) => System.IO.File.Exists(path) || Directory.Exists(path);
}
