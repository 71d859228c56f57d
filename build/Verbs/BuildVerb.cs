using System.Collections.Generic;
using Build.Cli;
using Build.Debian;
using Build.Steps;
using Build.Tools;

namespace Build.Verbs;

/// <summary>Makes everything that people use: the assemblies, the library, the header, the glue.</summary>
public sealed class BuildVerb : IVerb
{
    public string Name => "build";

    public string Summary => "compiles the solution, the library (artifacts/lib) and the glue (artifacts/glue)";

    public IReadOnlyList<VerbOption> Options => [];

    public IReadOnlyList<Requirement> Requirements => Debian.Requirements.Native;

    public int Run(BuildContext context, VerbArguments arguments)
    {
        using ArtifactsLock held = ArtifactsLock.Take(context);
        SolutionStep.Run(context);
        BuildNative(context);
        context.Progress.Line("built: artifacts/lib/libintrocore.so, artifacts/include/introcore.h, artifacts/glue/introcore-qemu.so, "
            + "artifacts/include/introcore_kvm.h, artifacts/glue/libintrocore-kvm.a, artifacts/glue/introvm");
        return ExitCode.Ok;
    }

    /// <summary>The library and the glue alone.</summary>
    public static void BuildNative(BuildContext context)
    {
        ShimStep.Run(context);
        LibraryStep.Run(context);
        GlueStep.Run(context);
        KvmGlueStep.Run(context);
    }
}
