using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles the C part of the library: an archive that is linked into it, and a library of its own for tests.</summary>
public static class ShimStep
{
    public static void Run(BuildContext context)
    {
        string folder = context.Paths.In("exports/shim");
        string include = context.Paths.In("exports/include");
        string[] sources = [.. Directory.EnumerateFiles(folder, "*.c").Order(StringComparer.Ordinal)];
        string archive = context.Paths.In("artifacts/obj/shim/libintrocore_shim.a");
        string shared = context.Paths.In("artifacts/test/lib/libintrocore_shim.so");
        string[] options = [.. CCompiler.Options, "-I" + include, "-I" + folder];

        using Fingerprint inputs = new Fingerprint().Words(options).Files(folder, include);
        context.Stamp("shim").Run(inputs, [archive, shared], () =>
            context.Progress.Step("compiling the library's C part", () => Compile(context, sources, options, archive, shared)));
    }

    private static void Compile(
        BuildContext context, IReadOnlyList<string> sources, IReadOnlyList<string> options, string archive, string shared)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(archive)!);
        Directory.CreateDirectory(Path.GetDirectoryName(shared)!);
        List<string> objects = [];
        foreach (string source in sources)
        {
            string target = Path.Combine(Path.GetDirectoryName(archive)!, Path.GetFileNameWithoutExtension(source) + ".o");
            Tool.Check(context, "shim", CCompiler.Program, [.. options, "-c", source, "-o", target]);
            objects.Add(target);
        }

        File.Delete(archive);
        Tool.Check(context, "shim-archive", "ar", ["rcs", archive, .. objects]);

        // Tests call the shim's functions by name, so here they are visible.
        Tool.Check(context, "shim-shared", CCompiler.Program,
            [.. options, "-fvisibility=default", "-shared", .. sources, "-o", shared + ".new"]);
        File.Move(shared + ".new", shared, overwrite: true);
    }
}
