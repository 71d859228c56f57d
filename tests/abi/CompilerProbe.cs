using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Tests.Native;
using Xunit;

namespace Tests.Abi;

/// <summary>Asks the C compiler: a program is generated against the header, compiled, run, and its lines read.</summary>
internal static class CompilerProbe
{
    private static int _programs;

    /// <summary>Size, alignment, members and bit-fields of structures, as facts with the paths of the header.</summary>
    public static IReadOnlyList<ReferenceFact> Structures(IEnumerable<string> names)
    {
        List<string> lines = [];
        foreach (string name in names)
        {
            lines.Add($"type(\"{name}\", sizeof({name}), _Alignof({name}));");
            foreach (HeaderMember member in HeaderText.Structures[name])
            {
                string path = member.Path;
                lines.Add(member.IsBits
                    ? $"{{ static {name} value; value.{path} = -1; bits(\"{name}\", \"{path}\", &value, sizeof value); }}"
                    : $"member(\"{name}\", \"{path}\", offsetof({name}, {path}), sizeof((({name} *)0)->{path}));");
            }
        }

        return Run("structures", lines);
    }

    /// <summary>Size and signedness of scalars.</summary>
    public static IReadOnlyList<ReferenceFact> Scalars(IEnumerable<string> names) =>
        Run("scalars", names.Select(name => $"scalar(\"{name}\", sizeof({name}), ({name})-1 < ({name})1);"));

    /// <summary>Sizes and values of enumerations.</summary>
    public static IReadOnlyList<ReferenceFact> Enumerations(IEnumerable<string> names) =>
        Run("enumerations", names.SelectMany(name => HeaderText.Enumerations[name]
            .Select(item => $"value(\"{name}\", \"{item}\", (long long){item});")
            .Prepend($"enumeration(\"{name}\", sizeof({name}));")));

    /// <summary>Values of constants.</summary>
    public static IReadOnlyList<ReferenceFact> Constants(IEnumerable<string> names) =>
        Run("constants", names.Select(name => $"constant(\"{name}\", (long long){name});"));

    private static IReadOnlyList<ReferenceFact> Run(string name, IEnumerable<string> statements)
    {
        string path = Repository.In($"artifacts/test/native/probe-{name}-{Interlocked.Increment(ref _programs)}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path + ".c", Prologue + string.Join('\n', statements.Select(line => "    " + line)) + Epilogue);
        NativeTools.Compile(path, ["-Wno-unused-function", "-Wno-bool-compare", "-Wno-type-limits", path + ".c"]);
        ProgramRun run = ProgramRunner.Run(path, []);
        Assert.Equal(0, run.ExitCode);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))
            .Select(row => new ReferenceFact(row[0], row[1], row[2], row[3], row[4]))];
    }

    private const string Prologue = """
        #include <stdio.h>
        #include "introcore.h"

        static void type(const char *name, size_t size, size_t alignment)
        {
            printf("type\t%s\t\t%zu\t%zu\n", name, size, alignment);
        }

        static void member(const char *type, const char *path, size_t offset, size_t size)
        {
            printf("member\t%s\t%s\t%zu\t%zu\n", type, path, offset, size);
        }

        static void bits(const char *type, const char *path, const void *value, size_t size)
        {
            const unsigned char *bytes = value;
            size_t first = 0, count = 0;
            for (size_t i = 8 * size; i-- > 0;) {
                if (bytes[i / 8] >> i % 8 & 1)
                    first = i, count++;
            }
            printf("bits\t%s\t%s\t%zu\t%zu\n", type, path, first, count);
        }

        static void scalar(const char *name, size_t size, int is_signed)
        {
            printf("scalar\t%s\t\t%zu\t%s\n", name, size, is_signed ? "signed" : "unsigned");
        }

        static void enumeration(const char *name, size_t size)
        {
            printf("enum\t%s\t\t%zu\t\n", name, size);
        }

        static void value(const char *type, const char *name, long long number)
        {
            printf("value\t%s\t%s\t%lld\t\n", type, name, number);
        }

        static void constant(const char *name, long long number)
        {
            printf("constant\t%s\t\t%lld\t\n", name, number);
        }

        int main(void)
        {

        """;

    private const string Epilogue = """

            return 0;
        }

        """;
}
