using System;
using System.Collections.Generic;
using System.Linq;
using Build.Measurements;
using Xunit;

namespace Tests.Bench;

/// <summary>No event takes many more instructions than are recorded, and none that meets its bar ceases to.</summary>
public sealed class InstructionCountTests
{
    public static TheoryData<string> Names => [.. BenchCases.All.Select(known => known.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void AnEventTakesNoMoreThanIsRecorded(string name)
    {
        BenchCase about = BenchCases.Find(name)!;
        double? recorded = InstructionCounts.Recorded.TryGetValue(name, out double before) ? before : null;
        double? measured = InstructionCounts.Measured.TryGetValue(name, out double now) ? now : null;
        if (RecordedCounts.Complaint(about, recorded, measured) is { } complaint)
            Assert.Fail(complaint);
    }

    [Fact]
    public void WhatIsRecordedIsMeasured() => AssertSame(InstructionCounts.Recorded.Keys, InstructionCounts.Measured.Keys);

    [Fact]
    public void WhatIsMeasuredIsInTheTable() => AssertSame(BenchCases.All.Select(known => known.Name), InstructionCounts.Measured.Keys);

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
}
