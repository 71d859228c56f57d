using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles the glue for KVM: an archive that VMMs link, its header, and introvm, the VMM that comes with it.</summary>
public static class KvmGlueStep
{
    public static void Run(BuildContext context)
    {
        string include = context.Paths.In("exports/include");
        string folder = context.Paths.In("glue/kvm");
        AtomicFile.Copy(Path.Combine(folder, "include/introcore_kvm.h"), context.Paths.In("artifacts/include/introcore_kvm.h"));
        string[] options = [.. CCompiler.Options, "-I" + include, "-I" + Path.Combine(folder, "include")];
        using Fingerprint inputs = new Fingerprint().Words(options).Files(include, folder);
        context.Stamp("glue-kvm").Run(inputs, [context.Paths.KvmGlue, context.Paths.Introvm], () =>
            context.Progress.Step("compiling the KVM glue and introvm", () => Compile(context, folder, options)));
    }

    private static void Compile(BuildContext context, string folder, string[] options)
    {
        string objects = context.Paths.In("artifacts/obj/kvm");
        Directory.CreateDirectory(objects);
        Directory.CreateDirectory(Path.GetDirectoryName(context.Paths.KvmGlue)!);

        List<string> compiled = [];
        foreach (string source in Sources(folder, "*.c"))
        {
            string target = Path.Combine(objects, Path.GetFileNameWithoutExtension(source) + ".o");
            Tool.Check(context, "glue-kvm", CCompiler.Program, [.. options, "-c", source, "-o", target]);
            compiled.Add(target);
        }

        string archive = context.Paths.KvmGlue;
        File.Delete(archive + ".new");
        Tool.Check(context, "glue-kvm-archive", "ar", ["rcs", archive + ".new", .. compiled]);
        File.Move(archive + ".new", archive, overwrite: true);
        CompileIntrovm(context, Path.Combine(folder, "introvm"), objects, options);
    }

    /// <summary>The guest is an image of its own inside the program.</summary>
    private static void CompileIntrovm(BuildContext context, string folder, string objects, string[] options)
    {
        string guest = Path.Combine(folder, "guest");
        List<string> parts = [];
        foreach (string source in GuestSources.Select(name => Path.Combine(guest, name)))
        {
            string target = Path.Combine(objects, "guest-" + Path.GetFileNameWithoutExtension(source) + ".o");
            Tool.Check(context, "introvm-guest", CCompiler.Program, ["-c", "-I" + guest, source, "-o", target]);
            parts.Add(target);
        }

        Tool.Check(context, "introvm-guest", "ld",
        [
            "-z", "noexecstack", "-T", Path.Combine(guest, "guest.ld"), "--oformat", "binary",
            "-o", Path.Combine(objects, "guest.bin"), .. parts,
        ]);
        string program = context.Paths.Introvm;
        Tool.Check(context, "introvm", CCompiler.Program,
        [
            .. options, "-I" + folder, "-I" + Path.GetDirectoryName(folder), "-Wa,-I," + objects, .. Sources(folder, "*.c"), Path.Combine(folder, "image.S"),
            context.Paths.KvmGlue, "-o", program + ".new", "-ldl", "-pthread", "-lrt",
        ]);
        File.Move(program + ".new", program, overwrite: true);
    }

    /// <summary>In this order: the header of the image comes first.</summary>
    private static IReadOnlyList<string> GuestSources { get; } = ["start.S", "exceptions.S", "routines.S", "forms.S"];

    private static IEnumerable<string> Sources(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal);
}
