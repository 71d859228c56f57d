using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Tests.Abi;

/// <summary>Compares facts by what they are about, and names every difference.</summary>
internal static class FactComparison
{
    /// <summary>Fails with each fact that is missing, that nobody expected, or that says something else.</summary>
    public static void AssertSame(IEnumerable<ReferenceFact> expected, IEnumerable<ReferenceFact> actual)
    {
        Dictionary<string, string> wanted = expected.ToDictionary(fact => fact.Subject, fact => fact.Values, StringComparer.Ordinal);
        Dictionary<string, string> found = actual.ToDictionary(fact => fact.Subject, fact => fact.Values, StringComparer.Ordinal);
        Assert.NotEmpty(wanted);
        List<string> differences =
        [
            .. wanted.Where(fact => !found.ContainsKey(fact.Key)).Select(fact => $"{fact.Key}: not declared"),
            .. found.Where(fact => !wanted.ContainsKey(fact.Key)).Select(fact => $"{fact.Key}: not in the reference"),
            .. wanted.Where(fact => found.TryGetValue(fact.Key, out string? value) && !string.Equals(value, fact.Value, StringComparison.Ordinal))
                .Select(fact => $"{fact.Key}: {found[fact.Key]}, not {fact.Value}"),
        ];
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}
