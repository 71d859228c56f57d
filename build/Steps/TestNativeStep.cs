using System.IO;
using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles the library that stands between a glue and the real library and allows everything.</summary>
public static class TestNativeStep
{
    public static void Run(BuildContext context)
    {
        string folder = context.Paths.In("tests/native");
        string include = context.Paths.In("exports/include");
        string target = context.Paths.AllowAllLibrary;
        using Fingerprint inputs = new Fingerprint().Words(CCompiler.Options).Files(include, folder);
        context.Stamp("allow-all").Run(inputs, [target], () =>
            context.Progress.Step("compiling the allow-all library of the tests", () =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                Tool.Check(context, "allow-all", CCompiler.Program,
                [
                    .. CCompiler.Options, "-pthread", "-shared", "-I" + include, "-I" + folder,
                    Path.Combine(folder, "allow-all.c"), Path.Combine(folder, "library.c"), "-o", target + ".new", "-ldl",
                ]);
                File.Move(target + ".new", target, overwrite: true);
            }));
    }
}
