using System.IO;
using Build.Guest;
using Build.Tools;

namespace Build.Steps;

/// <summary>Makes an initramfs that holds the guest's kernel and initramfs once more, and the program that starts them.</summary>
public static class KexecGuestStep
{
    public static void Run(BuildContext context, GuestImages images)
    {
        string source = context.Paths.In("tests/linux/kexec/kexec.c");
        string target = context.Paths.KexecInitramfs;
        using Fingerprint inputs = new Fingerprint()
            .Words(CCompiler.Options).Files(source, images.Kernel, images.Initramfs);
        context.Stamp("kexec-guest").Run(inputs, [target], () =>
            context.Progress.Step("making the guest that starts another kernel", () => Make(context, images, source, target)));
    }

    private static void Make(BuildContext context, GuestImages images, string source, string target)
    {
        string program = Path.Combine(Path.GetDirectoryName(target)!, "kexec");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Tool.Check(context, "kexec-program", CCompiler.Program, [.. CCompiler.Options, "-static", "-s", source, "-o", program]);
        using CpioArchive archive = new();
        archive.AddFile("kexec", File.ReadAllBytes(program), executable: true);
        archive.AddFile("vmlinuz", File.ReadAllBytes(images.Kernel), executable: false);
        archive.AddFile("initramfs.cpio", File.ReadAllBytes(images.Initramfs), executable: false);

        // The kernel unpacks one archive after the other.
        File.WriteAllBytes(target + ".new", [.. File.ReadAllBytes(images.Initramfs), .. archive.Finish()]);
        File.Move(target + ".new", target, overwrite: true);
    }
}
