using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>The engine's sources keep the order of docs/architecture.md: a folder uses only folders above it.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Top to bottom. The engine's root, with limits and version, is above all of them.</summary>
    private static readonly string[] s_folders =
    [
        "Abi", "Concurrency", "Hosting", "Memory", "Vcpus", "Instructions", "Hooks", "Injection", "Events", "Symbols",
        "Instrumentation", "Guests", "Policy", "Alerts", "Protection", "Sessions",
    ];

    public static TheoryData<string> Sources => [.. Files().Select(file => Path.GetRelativePath(EngineRoot, file))];

    private static string EngineRoot => Path.Combine(TestTree.Root, "engine");

    [Theory]
    [MemberData(nameof(Sources))]
    public void AFileUsesOnlyFoldersAboveItsOwn(string file) => Assert.Empty(ArrowsUp(FolderOf(file), Read(file)));

    [Theory]
    [MemberData(nameof(Sources))]
    public void AFileHoldsOneTypeOfItsName(string file)
    {
        List<string> types = [.. TopLevelType().Matches(Code(Read(file))).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];
        Assert.True(types.Count == 1, $"{types.Count} types: {string.Join(", ", types)}");
        string name = Path.GetFileNameWithoutExtension(file);
        Assert.True(string.Equals(name, types[0], StringComparison.Ordinal) || name.StartsWith(types[0] + ".", StringComparison.Ordinal), $"{types[0]} in {name}");
        string folder = (Path.GetDirectoryName(file) ?? "").Replace(Path.DirectorySeparatorChar, '.');
        string expected = folder.Length == 0 ? "namespace Engine;" : $"namespace Engine.{folder};";
        Assert.Contains(expected, Read(file), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void AFileIsNotLarge(string file) => Assert.InRange(new FileInfo(Path.Combine(EngineRoot, file)).Length, 1, 40 * 1024);

    [Theory]
    [MemberData(nameof(Sources))]
    public void TheEngineTouchesNeitherFilesNorTheConsoleNorItsSurroundings(string file) => Assert.Empty(Forbidden(Read(file)));

    [Fact]
    public void FilesAreSmallOnTheWhole()
    {
        List<long> sizes = [.. Files().Select(file => new FileInfo(file).Length)];
        Assert.InRange(sizes.Count, 60, int.MaxValue);
        Assert.InRange(sizes.Average(), 500, 8 * 1024);
    }

    [Theory]
    [InlineData("Memory", "using Engine.Hooks;", "Hooks")]
    [InlineData("Memory", "global using Engine.Hooks;", "Hooks")]
    [InlineData("Memory", "using static Engine.Sessions.IntroEngine;", "Sessions")]
    [InlineData("Memory", "using X = Engine.Alerts.AlertRaiser;", "Alerts")]
    [InlineData("Memory", "Engine.Vcpus.VcpuState* state;", "Vcpus")]
    [InlineData("Memory", "global::Engine.Vcpus.VcpuState* state;", "Vcpus")]
    [InlineData("Memory", "return Events.EptViolation.Of(x);", "Events")]
    [InlineData("", "using Engine.Abi;", "Abi")]
    [InlineData("Elsewhere", "using Engine.Abi;", "Elsewhere")]
    [InlineData("Abi", "using Engine.Abi;", null)]
    [InlineData("Memory", "using Engine.Hosting; // using Engine.Hooks;", null)]
    [InlineData("Memory", "string text = \"Engine.Hooks.X\"; x.Hooks.Y();", null)]
    public void AnArrowUpIsSeen(string folder, string source, string? found) =>
        Assert.Equal(found is null ? [] : [found], new HashSet<string>(ArrowsUp(folder, source), StringComparer.Ordinal));

    [Theory]
    [InlineData("Console.WriteLine();", true)]
    [InlineData("System.IO.File.Exists(x)", true)]
    [InlineData("using System.IO;", true)]
    [InlineData("Environment.GetEnvironmentVariable(x)", true)]
    [InlineData("Environment.Exit(1)", true)]
    [InlineData("Environment.TickCount64", false)]
    [InlineData("// Console.WriteLine();", false)]
    [InlineData("GuestDirectory.Find(x)", false)]
    public void AForbiddenCallIsSeen(string source, bool found) => Assert.Equal(found, Forbidden(source).Count != 0);

    private static IEnumerable<string> Files() => Directory
        .EnumerateFiles(EngineRoot, "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(EngineRoot, file).StartsWith("obj", StringComparison.Ordinal));

    private static string Read(string file) => File.ReadAllText(Path.Combine(EngineRoot, file));

    private static string FolderOf(string file) => file.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
        ? file[..file.IndexOf(Path.DirectorySeparatorChar, StringComparison.Ordinal)]
        : "";

    private static List<string> ArrowsUp(string folder, string source)
    {
        int own = Array.IndexOf(s_folders, folder);
        if (own < 0 && folder.Length != 0)
            return [folder];

        // Only what is above counts; a mention of the root needs no name.
        string code = Code(source);
        IEnumerable<string> used = FullName().Matches(code).Concat(ShortName().Matches(code))
            .Select(match => match.Groups["folder"].Value)
            .Where(name => Array.IndexOf(s_folders, name) >= 0);
        return [.. used.Where(name => Array.IndexOf(s_folders, name) > own)];
    }

    private static List<string> Forbidden(string source)
    {
        string code = Code(source);
        List<string> found = [.. ForbiddenType().Matches(code).Select(match => match.Groups["name"].Value)];
        if (code.Contains("System.IO", StringComparison.Ordinal))
            found.Add("System.IO");
        if (OtherEnvironment().IsMatch(code))
            found.Add("Environment");
        return found;
    }

    /// <summary>The source without comments and strings.</summary>
    private static string Code(string source) => CommentsAndStrings().Replace(source, " ");

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/|""(?:\\.|[^""\\\n])*""(?:u8)?", RegexOptions.Singleline, 5000)]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"(?<![\w.])Engine\.(?<folder>\w+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex FullName();

    /// <summary>A folder's name in front of a type's: the namespace Engine is around it.</summary>
    [GeneratedRegex(@"(?<![\w.])(?<folder>[A-Z]\w+)\.[A-Z]\w+\s*[.(<*]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ShortName();

    [GeneratedRegex(
        @"(?<![\w.])(?<name>Console|File|Directory|FileStream|StreamReader|StreamWriter|Process|Thread|Task|Socket)\.\w",
        RegexOptions.ExplicitCapture,
        5000)]
    private static partial Regex ForbiddenType();

    [GeneratedRegex(@"(?<![\w])Environment\.(?!TickCount64)", RegexOptions.None, 5000)]
    private static partial Regex OtherEnvironment();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|sealed|static|abstract|readonly|unsafe|ref|partial|record)\s+)*(?:class|struct|enum|interface|record|delegate\s+\S+)\s+(?<name>\w+)",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        5000)]
    private static partial Regex TopLevelType();
}
