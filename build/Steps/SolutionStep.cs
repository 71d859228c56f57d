using Build.Tools;

namespace Build.Steps;

/// <summary>Compiles every project of the solution: analysers and warnings speak here.</summary>
public static class SolutionStep
{
    public static void Run(BuildContext context)
    {
        using Fingerprint inputs = new Fingerprint().Files(Sources.Solution(context.Paths));
        context.Stamp("solution").Run(inputs, [context.Paths.TestProgram], () =>
            context.Progress.Step("compiling the solution", () =>
                DotnetStep.Run(context, "solution", "build", context.Paths.In("Engine.sln"), "-c", "Release")));
    }
}
