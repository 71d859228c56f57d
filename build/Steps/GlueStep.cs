using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles the glue layers.</summary>
public static class GlueStep
{
    public static void Run(BuildContext context)
    {
        string include = context.Paths.In("exports/include");
        string folder = context.Paths.In("glue/qemu");
        using Fingerprint inputs = new Fingerprint().Words(CCompiler.Options).Files(include, folder);
        context.Stamp("glue-qemu").Run(inputs, [context.Paths.QemuPlugin], () =>
            context.Progress.Step("compiling the QEMU plug-in", () => CompileQemuPlugin(context, include, folder)));
    }

    private static void CompileQemuPlugin(BuildContext context, string include, string folder)
    {
        string target = context.Paths.QemuPlugin;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        IEnumerable<string> sources = Directory.EnumerateFiles(folder, "*.c").Order(StringComparer.Ordinal);
        Tool.Check(context, "glue-qemu", CCompiler.Program,
        [
            .. CCompiler.Options, "-shared", .. PackageFlags(context, "--cflags"), "-I" + include, "-I" + folder,
            .. sources, "-o", target + ".new", "-ldl", .. PackageFlags(context, "--libs"),
        ]);
        File.Move(target + ".new", target, overwrite: true);
    }

    private static string[] PackageFlags(BuildContext context, string kind) =>
        Tool.Check(context, "pkg-config", "pkg-config", [kind, "glib-2.0"])
            .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
