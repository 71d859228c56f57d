using System;
using System.Linq;
using Xunit;

namespace Tests.Native;

/// <summary>Gives the published library what it must refuse: bad-input.c, one process a group.</summary>
public sealed class BadInputTests
{
    private static readonly DriverProgram Program = new("bad-input", "bad-*.c");

    /// <summary>Groups of bad-input.c.</summary>
    public static readonly TheoryData<string> Groups =
    [
        "init", "handlers", "configure", "declare", "records", "device", "exit-data", "control", "slots", "memory", "pointer", "answers",
    ];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Group(string group) => Program.AssertHolds([group, NativeTools.LibraryPath]);

    [Fact]
    public void EveryGroupIsRun() =>
        Assert.Equal(Program.Groups().Order(StringComparer.Ordinal), Groups.Select(row => row.Data).Order(StringComparer.Ordinal));
}
