using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Engine.Abi;
using Xunit;

namespace Tests.Abi;

/// <summary>The engine's enumerations have the header's values under the header's names, as far as they go.</summary>
public sealed class CSharpEnumerationTests
{
    /// <summary>Names of the C# types that are compared.</summary>
    public static readonly TheoryData<string> Types = [.. EnumerationNames.All.Keys.Select(type => type.Name)];

    private static readonly Lazy<ILookup<string, ReferenceFact>> Enumerators = new(() =>
        CompilerProbe.Enumerations(HeaderText.Enumerations.Keys).Where(fact => fact.Kind is "value")
            .ToLookup(fact => fact.Owner, StringComparer.Ordinal));

    private static readonly Lazy<IReadOnlyList<ReferenceFact>> Macros = new(() =>
        CompilerProbe.Constants(HeaderText.Constants.Where(name =>
            EnumerationNames.All.Values.Any(prefix => prefix.EndsWith('_') && name.StartsWith(prefix, StringComparison.Ordinal)))));

    [Theory]
    [MemberData(nameof(Types))]
    public void HasTheValuesOfTheHeader(string name)
    {
        (Type type, string names) = EnumerationNames.All.Single(entry => entry.Key.Name.Equals(name, StringComparison.Ordinal));
        List<(string Name, long Value)> inC =
        [
            .. names.EndsWith('_')
                ? Macros.Value.Where(fact => fact.Owner.StartsWith(names, StringComparison.Ordinal)).Select(fact => (fact.Owner, Number(fact)))
                : Enumerators.Value[names].Select(fact => (fact.Name, Number(fact))),
        ];
        Assert.NotEmpty(inC);
        List<string> differences = [];
        foreach (string member in Enum.GetNames(type))
        {
            long value = Value(type, member);
            List<long> values = [.. inC.Where(item => IsNamed(item.Name, names, member)).Select(item => item.Value)];

            // What has no name in C may only put together what has one: sets of flags, and nothing at all.
            if (values.Count == 0 ? !IsSetOf(value, inC.Select(item => item.Value)) : !values.Contains(value))
                differences.Add($"{type.Name}.{member} is {value}, C has {string.Join(" or ", values.DefaultIfEmpty())}");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public void EveryEnumerationOfTheBoundaryIsCompared()
    {
        IEnumerable<Type> enumerations = typeof(GlueIface).Assembly.GetTypes().Where(type =>
            string.Equals(type.Namespace, "Engine.Abi", StringComparison.Ordinal) && type.IsEnum);
        Assert.NotEmpty(enumerations);
        Assert.All(
            enumerations, type => Assert.True(EnumerationNames.All.ContainsKey(type), $"{type.Name} is not in {nameof(EnumerationNames)}"));
    }

    /// <summary>A macro is the prefix and the name; an enumerator has a prefix of its own.</summary>
    private static bool IsNamed(string inC, string names, string member) =>
        names.EndsWith('_') ? Plain(inC).Equals(Plain(names + member), StringComparison.Ordinal)
            : Plain(inC).EndsWith(Plain(member), StringComparison.Ordinal);

    private static bool IsSetOf(long value, IEnumerable<long> parts) =>
        (value & ~parts.Where(part => (part & ~value) == 0).Aggregate(0L, (sum, part) => sum | part)) == 0;

    /// <summary>The value as C prints it: statuses are signed there.</summary>
    private static long Value(Type type, string member)
    {
        object value = Convert.ChangeType(Enum.Parse(type, member), Enum.GetUnderlyingType(type), CultureInfo.InvariantCulture);
        return value is ulong large ? (long)large
            : type == typeof(IntStatus) ? unchecked((int)Convert.ToInt64(value, CultureInfo.InvariantCulture))
            : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static long Number(ReferenceFact fact) => long.Parse(fact.First, CultureInfo.InvariantCulture);
}
