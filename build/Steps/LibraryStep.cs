using System.IO;
using System.Linq;
using System.Xml.Linq;
using Build.Cli;
using Build.Tools;

namespace Build.Steps;

/// <summary>Publishes the library as native code, as people get it and as the tests need it.</summary>
public static class LibraryStep
{
    private const string Name = "libintrocore.so";

    /// <summary>artifacts/lib with the usual names of a shared library, and the header.</summary>
    public static void Run(BuildContext context)
    {
        string header = context.Paths.In("artifacts/include/introcore.h");
        AtomicFile.Copy(context.Paths.In("exports/include/introcore.h"), header);

        string version = Version(context);
        string real = $"{context.Paths.Library}.{version}";
        using Fingerprint inputs = new Fingerprint().Words(version).Files(Sources.Library(context.Paths));
        context.Stamp("library").Run(inputs, [real, context.Paths.Library], () =>
        {
            string published = context.Paths.In("artifacts/dotnet/publish/Exports/release_linux-x64");
            context.Progress.Step("compiling the library to native code", () => Publish(context, "library"));
            CopyLibrary(published, real);
            AtomicFile.Link(context.Paths.In($"artifacts/lib/{SoName}"), Path.GetFileName(real));
            AtomicFile.Link(context.Paths.Library, SoName);
        });
    }

    /// <summary>The variant with test hooks; built in folders of its own, since its assemblies differ.</summary>
    public static void RunTestVariant(BuildContext context)
    {
        using Fingerprint inputs = new Fingerprint().Words("TestHooks").Files(Sources.Library(context.Paths));
        context.Stamp("test-library").Run(inputs, [context.Paths.TestLibrary], () =>
        {
            string artifacts = context.Paths.In("artifacts/test/dotnet");
            context.Progress.Step("compiling the library's test variant to native code", () =>
                Publish(context, "test-library", "-p:TestHooks=true", $"-p:ArtifactsPath={artifacts}"));
            CopyLibrary(Path.Combine(artifacts, "publish/Exports/release_linux-x64"), context.Paths.TestLibrary);
        });
    }

    /// <summary>The name that programs are linked against. The interface is that of version 1 though the project is younger.</summary>
    private const string SoName = Name + ".1";

    private static void Publish(BuildContext context, string log, params string[] options) =>
        DotnetStep.Run(context, log,
            ["publish", context.Paths.In("exports/Exports.csproj"), "-c", "Release", "-r", "linux-x64", .. options]);

    private static void CopyLibrary(string published, string to)
    {
        AtomicFile.Copy(Path.Combine(published, Name), to);
        string symbols = Path.Combine(published, Name + ".dbg");
        if (File.Exists(symbols))
            AtomicFile.Copy(symbols, Path.Combine(Path.GetDirectoryName(to)!, Name + ".dbg"));
    }

    private static string Version(BuildContext context)
    {
        string file = context.Paths.In("Directory.Build.props");
        return XDocument.Load(file).Descendants("Version").FirstOrDefault()?.Value.Trim()
            ?? throw new BuildException($"{file}: no <Version>");
    }
}
