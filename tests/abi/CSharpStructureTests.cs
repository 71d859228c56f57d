using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using Engine.Abi;
using Xunit;

namespace Tests.Abi;

/// <summary>The engine's structures lie in memory as the C compiler lays out those of the header.</summary>
public sealed class CSharpStructureTests
{
    /// <summary>Names of the C# types that are compared.</summary>
    public static readonly TheoryData<string> Types =
        [.. StructureNames.Whole.Keys.Concat(StructureNames.Partial.Keys).Select(type => type.Name)];

    private static readonly Lazy<ILookup<string, ReferenceFact>> C = new(() =>
        CompilerProbe.Structures(HeaderText.Structures.Keys).ToLookup(fact => fact.Owner, StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Types))]
    public void IsThatOfTheHeader(string name)
    {
        (Type type, string[] structures) =
            StructureNames.Whole.Concat(StructureNames.Partial).Single(entry => entry.Key.Name.Equals(name, StringComparison.Ordinal));
        foreach (string structure in structures)
            AssertSame(type, structure, StructureNames.Whole.ContainsKey(type));
    }

    [Fact]
    public void EveryStructureOfTheBoundaryIsCompared()
    {
        IEnumerable<Type> structures = typeof(GlueIface).Assembly.GetTypes().Where(type =>
            string.Equals(type.Namespace, "Engine.Abi", StringComparison.Ordinal) && type is { IsValueType: true, IsEnum: false, IsNested: false });
        Assert.NotEmpty(structures);
        Assert.All(structures, type => Assert.True(StructureNames.IsKnown(type), $"{type.Name} is not in {nameof(StructureNames)}"));
    }

    [Fact]
    public void NoStructureHasAReference() =>
        Assert.All(
            StructureNames.Whole.Keys.Concat(StructureNames.Partial.Keys),
            type => Assert.False(
                (bool)typeof(System.Runtime.CompilerServices.RuntimeHelpers)
                    .GetMethod("IsReferenceOrContainsReferences", BindingFlags.Public | BindingFlags.Static)!
                    .MakeGenericMethod(type).Invoke(null, null)!));

    private static void AssertSame(Type type, string structure, bool whole)
    {
        Dictionary<string, ReferenceFact> members = C.Value[structure].Where(fact => fact.Kind is "member")
            .ToDictionary(fact => Plain(fact.Name), StringComparer.Ordinal);
        Dictionary<string, CSharpField> fields = CSharpLayout.Fields(type, StructureNames.IsKnown)
            .ToDictionary(field => Plain(field.Path), StringComparer.Ordinal);
        Assert.NotEmpty(fields);
        List<string> differences = [];
        foreach ((string name, CSharpField field) in fields)
        {
            if (!members.TryGetValue(name, out ReferenceFact? member))
                differences.Add($"{structure} has no {field.Path}");
            else if (Number(member.First) != field.Offset || Number(member.Second) != field.Size)
                differences.Add($"{structure}.{member.Name}: {field.Size} bytes at {field.Offset}, C has {member.Second} at {member.First}");
        }

        if (whole)
            differences.AddRange(members.Where(member => !fields.ContainsKey(member.Key)).Select(member => $"no {member.Value.Name}"));
        int size = Number(C.Value[structure].Single(fact => fact.Kind is "type").First);
        if (CSharpLayout.SizeOf(type) != size)
            differences.Add($"{structure}: {CSharpLayout.SizeOf(type)} bytes, C has {size}");
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    /// <summary>A name by which a member is known on both sides: inner structures and unions may be spelled out or not.</summary>
    private static string Plain(string path) =>
        new HeaderMember(path, IsBits: false).ReferencePath.Replace(".", "", StringComparison.Ordinal);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
