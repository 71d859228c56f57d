using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Tests.Abi;

/// <summary>Every enumeration and constant that the header shares with the reference has the reference's values.</summary>
public sealed class ReferenceValuesTests
{
    /// <summary>Macros that are no values, and values that the reference has in headers it does not publish.</summary>
    private static readonly HashSet<string> NotPublished = ["INT_SUCCESS", "ZONE_WRITE", "ZONE_READ", "ZONE_EXECUTE"];

    [Fact]
    public void EnumerationsAreThoseOfTheReference()
    {
        List<string> shared = [.. HeaderText.Enumerations.Keys.Where(name => !HeaderText.IsAddition(name))];
        Assert.Contains("INTRO_ACTION", shared, StringComparer.Ordinal);
        HashSet<string> names = [.. shared];

        FactComparison.AssertSame(
            ReferenceFixture.Values.Where(fact => fact.Kind is "enum" or "value" && names.Contains(fact.Owner)),
            CompilerProbe.Enumerations(shared));
    }

    [Fact]
    public void ConstantsAreThoseOfTheReference()
    {
        List<string> shared =
            [.. HeaderText.Constants.Where(name => !HeaderText.IsAddition(name) && !NotPublished.Contains(name))];
        Assert.Contains("GLUE_IFACE_VERSION_1_SIZE", shared, StringComparer.Ordinal);
        Assert.Contains("INTRO_OPT_PROT_KM_IDT", shared, StringComparer.Ordinal);
        HashSet<string> names = [.. shared];

        FactComparison.AssertSame(
            ReferenceFixture.Values.Where(fact => fact.Kind is "constant" && names.Contains(fact.Owner)),
            CompilerProbe.Constants(shared));
    }

    [Fact]
    public void EveryStatusOfTheReferenceIsDeclared()
    {
        HashSet<string> declared = [.. HeaderText.Constants];
        IEnumerable<string> statuses = ReferenceFixture.Values.Select(fact => fact.Owner)
            .Where(name => name.StartsWith("INT_STATUS_", StringComparison.Ordinal) &&
                !name.StartsWith("INT_STATUS_SEVERITY_", StringComparison.Ordinal));
        Assert.All(statuses, name => Assert.Contains(name, declared));
    }
}
