using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Tests.Native;

namespace Tests.Abi;

/// <summary>The committed facts of the reference's interface: fixture/*.tsv, whose heads say what the columns are.</summary>
internal static class ReferenceFixture
{
    /// <summary>Sizes and offsets.</summary>
    public static IReadOnlyList<ReferenceFact> Types { get; } = [.. Rows("types.tsv").Concat(Rows("events.tsv")).Select(ParseFact)];

    /// <summary>Enumerations and constants.</summary>
    public static IReadOnlyList<ReferenceFact> Values { get; } = [.. Rows("values.tsv").Select(ParseFact)];

    /// <summary>Function types.</summary>
    public static IReadOnlyList<ReferenceFunction> Functions { get; } =
        [.. Rows("functions.tsv").Where(row => row[0] is "function").Select(row => new ReferenceFunction(row[1], row[2], row[3..]))];

    /// <summary>Named exports and the function type that each of them has.</summary>
    public static IReadOnlyDictionary<string, string> Exports { get; } =
        Rows("functions.tsv").Where(row => row[0] is "export").ToDictionary(row => row[1], row => row[2], StringComparer.Ordinal);

    private static IEnumerable<string[]> Rows(string file) =>
        File.ReadLines(Repository.In("tests/abi/fixture/" + file)).Where(line => line[0] != '#').Select(line => line.Split('\t'));

    private static ReferenceFact ParseFact(string[] row) => row switch
    {
        ["scalar" or "type", string name, string size, string more] => new ReferenceFact(row[0], name, "", size, more),
        ["member" or "bits", string type, string path, string first, string second] =>
            new ReferenceFact(row[0], type, path, first, second),
        ["enum" or "constant", string name, string value] => new ReferenceFact(row[0], name, "", value, ""),
        ["value", string type, string name, string value] => new ReferenceFact("value", type, name, value, ""),
        _ => throw new InvalidDataException($"not a fact: {string.Join(' ', row)}"),
    };
}
