using System;
using System.Linq;
using Xunit;

namespace Tests.Native;

/// <summary>What the library does to the process that loads it: process.c, one process a group.</summary>
public sealed class ProcessTests
{
    private static readonly DriverProgram Program = new("process", "process.c");

    /// <summary>Groups of process.c.</summary>
    public static readonly TheoryData<string> Groups = ["chain", "stack", "bounds"];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Group(string group) => Program.AssertHolds([group, NativeTools.LibraryPath]);

    [Fact]
    public void EveryGroupIsRun() =>
        Assert.Equal(Program.Groups().Order(StringComparer.Ordinal), Groups.Select(row => row.Data).Order(StringComparer.Ordinal));
}
