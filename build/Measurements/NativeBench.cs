using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Steps;
using Build.Tools;

namespace Build.Measurements;

/// <summary>The C program of bench/native: compiles it, and runs it on the published library.</summary>
public sealed class NativeBench(BuildContext context)
{
    private string Program => context.Paths.In("artifacts/bench/native/bench");

    /// <summary>Compiles the program if it is out of date.</summary>
    public void Compile()
    {
        string include = context.Paths.In("exports/include");
        string folder = context.Paths.In("bench/native");
        string loader = context.Paths.In("tests/native");
        string[] borrowed = [Path.Combine(loader, "library.c"), Path.Combine(loader, "library.h")];
        using Fingerprint inputs = new Fingerprint().Words(CCompiler.Options).Files([include, folder, .. borrowed]);
        context.Stamp("bench-native").Run(inputs, [Program], () =>
            context.Progress.Step("compiling the bench program", () =>
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Program)!);
                IEnumerable<string> sources = Directory.EnumerateFiles(folder, "*.c").Order(StringComparer.Ordinal);
                Tool.Check(context, "bench-native", CCompiler.Program,
                [
                    // The library has to find the program's clock: see clock.h.
                    .. CCompiler.Options, "-rdynamic", "-pthread", "-I" + include, "-I" + folder, "-I" + loader,
                    .. sources, borrowed[0], "-o", Program + ".new", "-ldl",
                ]);
                File.Move(Program + ".new", Program, overwrite: true);
            }));
    }

    /// <summary>The library that is shipped, and its test variant, which can set the hooks that some cases work on.</summary>
    private IEnumerable<string> Libraries => [context.Paths.Library, context.Paths.TestLibrary];

    /// <summary>Nanoseconds of each case: the smallest batch, and the median one.</summary>
    public IReadOnlyDictionary<string, (double Min, double Median)> Time(int batches) =>
        Libraries.SelectMany(library => Lines("time", library, Text(batches)))
            .ToDictionary(words => words[0], words => (Number(words[1]), Number(words[2])), StringComparer.Ordinal);

    /// <summary>Instructions of each case, by callgrind; a name leaves the others out.</summary>
    public IReadOnlyDictionary<string, double> Count(string? only = null) =>
        Libraries.SelectMany(library => Count(library, only)).ToDictionary(StringComparer.Ordinal);

    private IReadOnlyDictionary<string, double> Count(string published, string? only)
    {
        string folder = Directory.CreateTempSubdirectory("introcore-bench-").FullName;
        try
        {
            // valgrind 3.19 gives up on the library's debug data: it gets a copy that does not name them.
            string library = Path.Combine(folder, "libintrocore.so");
            Tool.Check(context, "bench-objcopy", "objcopy", "--remove-section=.gnu_debuglink", published, library);
            List<string> arguments =
            [
                "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=" + Path.Combine(folder, "out"),
                Program, "count", library,
            ];
            if (only is not null)
                arguments.Add(only);
            Tool.Check(context, "bench-callgrind", "valgrind", arguments);
            return CallgrindDump.CostOfEvents(Directory.EnumerateFiles(folder, "out.*").Select(File.ReadAllText));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Nanoseconds of the first exit in so many fresh processes.</summary>
    public IReadOnlyList<double> First(string kind, int processes) =>
        [.. Enumerable.Range(0, processes).Select(_ => Number(Lines("first", context.Paths.Library, kind)[0][1]))];

    /// <summary>Named values: memory, or what two vCPUs do.</summary>
    public IReadOnlyDictionary<string, double> Values(string mode, params string[] arguments) =>
        Lines([mode, context.Paths.Library, .. arguments])
            .ToDictionary(words => words[0], words => Number(words[1]), StringComparer.Ordinal);

    /// <summary>Looks so many seconds for the exit that takes longest; returns the program's last line, the exit in it.</summary>
    public string Worst(string seconds, int seed) =>
        Tool.Check(context, "bench-worst", Program, ["worst", context.Paths.Library, seconds, Text(seed)])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];

    private List<string[]> Lines(params string[] arguments) =>
        [.. Tool.Check(context, "bench-" + arguments[0], Program, arguments)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new BuildException($"the bench program printed '{text}' where a number belongs");
}
