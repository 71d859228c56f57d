using System;
using Build.Measurements;
using Xunit;

namespace Tests.Bench;

/// <summary>A rise is seen, and what is said about it helps.</summary>
public sealed class RecordedCountsTests
{
    private static readonly BenchCase _barred = new("x", "an event", Reference: 2000, Bar: 1000);

    [Theory]
    [InlineData(900.0, 900.0)]
    [InlineData(900.0, 989.0)]
    [InlineData(900.0, 10.0)]
    [InlineData(1200.0, 1319.0)]
    public void WhatIsWithinTheToleranceIsNoComplaint(double recorded, double measured) =>
        Assert.Null(RecordedCounts.Complaint(_barred, recorded, measured));

    [Fact]
    public void ARiseIsOne()
    {
        string complaint = Complaint(800, 881);
        Assert.Contains("case x", complaint, StringComparison.Ordinal);
        Assert.Contains("800 instructions are recorded, 881 were measured", complaint, StringComparison.Ordinal);
        Assert.Contains("bench --record", complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void ABarThatWasMetStaysMet() => Assert.Contains("1000 are allowed", Complaint(980, 1001), StringComparison.Ordinal);

    [Fact]
    public void ACaseThatIsNotRecordedIsOne() => Assert.Contains("not recorded", Complaint(null, 5), StringComparison.Ordinal);

    [Fact]
    public void ACaseThatIsNotMeasuredIsOne() => Assert.Contains("not measured", Complaint(5, null), StringComparison.Ordinal);

    private static string Complaint(double? recorded, double? measured) =>
        RecordedCounts.Complaint(_barred, recorded, measured) ?? "";
}
