using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Tests.Abi;

/// <summary>Every structure and scalar that the header shares with the reference has the reference's layout.</summary>
public sealed class ReferenceLayoutTests
{
    /// <summary>Second views of bytes that the header declares once: a SID parsed, and the head of an exception.</summary>
    private static readonly HashSet<string> LeftOutViews =
        ["member INTRO_SID_ATTRIBUTES.Sid", "member INTRO_VIOLATION_HEADER.ExHeader"];

    [Fact]
    public void StructuresAreThoseOfTheReference()
    {
        List<string> shared = [.. HeaderText.Structures.Keys.Where(name => !HeaderText.IsAddition(name))];
        Assert.Contains("GLUE_IFACE", shared, StringComparer.Ordinal);
        Assert.Contains("EVENT_EPT_VIOLATION", shared, StringComparer.Ordinal);
        HashSet<string> names = [.. shared];

        FactComparison.AssertSame(
            ReferenceFixture.Types.Where(fact => fact.Kind is not "scalar" && names.Contains(fact.Owner) && !LeftOutViews.Contains(fact.Subject)),
            CompilerProbe.Structures(shared).Select(InTheReferencesWords).OfType<ReferenceFact>());
    }

    [Fact]
    public void ScalarsAreThoseOfTheReference()
    {
        List<string> shared = [.. HeaderText.Scalars.Where(name => !HeaderText.IsAddition(name))];
        Assert.Contains("DWORD", shared, StringComparer.Ordinal);
        HashSet<string> names = [.. shared];

        FactComparison.AssertSame(
            ReferenceFixture.Types.Where(fact => fact.Kind is "scalar" && names.Contains(fact.Owner)), CompilerProbe.Scalars(shared));
    }

    [Fact]
    public void EveryMemberOfTheHeaderIsRead()
    {
        // The parser of the test is right when the members it sees fill the structure.
        Assert.Equal(90, HeaderText.Structures["GLUE_IFACE"].Count);
        Assert.Equal(28, HeaderText.Structures["IG_ARCH_REGS"].Count);
        Assert.Contains(new HeaderMember("Originator.Injection.Kernel", IsBits: true), HeaderText.Structures["EVENT_EPT_VIOLATION"]);
        Assert.Contains(new HeaderMember("Victim.u.DriverObject", IsBits: false), HeaderText.Structures["EVENT_EPT_VIOLATION"]);
    }

    [Fact]
    public void ADifferenceIsSeen()
    {
        ReferenceFact fact = new("member", "A", "B", "8", "4");
        FactComparison.AssertSame([fact], [fact]);
        Assert.ThrowsAny<Exception>(() => FactComparison.AssertSame([fact], [fact with { First = "12" }]));
        Assert.ThrowsAny<Exception>(() => FactComparison.AssertSame([fact], []));
        Assert.ThrowsAny<Exception>(() => FactComparison.AssertSame([fact], [fact, fact with { Name = "C" }]));
    }

    /// <summary>A fact with the reference's path; null for the unions that have no name there.</summary>
    private static ReferenceFact? InTheReferencesWords(ReferenceFact fact)
    {
        HeaderMember member = new(fact.Name, IsBits: false);
        return member.IsUnnamedUnion ? null : fact with { Name = member.ReferencePath };
    }
}
