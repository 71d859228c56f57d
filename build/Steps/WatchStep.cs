using System.IO;
using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles the library that traps the execution of a page, and reads of another, beside all that the real one does.</summary>
public static class WatchStep
{
    public static void Run(BuildContext context)
    {
        string folder = context.Paths.In("tests/linux/watch");
        string include = context.Paths.In("exports/include");
        string target = context.Paths.WatchLibrary;
        string library = context.Paths.Library;
        using Fingerprint inputs = new Fingerprint().Words(CCompiler.Options).Files(include, folder);
        context.Stamp("watch").Run(inputs, [target], () =>
            context.Progress.Step("compiling the watch library of the tests", () =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                Tool.Check(context, "watch", CCompiler.Program,
                [
                    .. CCompiler.Options, "-shared", "-I" + include, Path.Combine(folder, "watch.c"),
                    "-o", target + ".new", "-L" + Path.GetDirectoryName(library), "-l:" + Path.GetFileName(library),
                    "-Wl,-rpath,$ORIGIN/../../lib", "-ldl",
                ]);
                File.Move(target + ".new", target, overwrite: true);
            }));
    }
}
