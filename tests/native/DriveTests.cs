using System;
using System.Linq;
using Xunit;

namespace Tests.Native;

/// <summary>Drives the published library as a hypervisor would: drive.c, one process a group.</summary>
public sealed class DriveTests
{
    private static readonly DriverProgram Program = new("drive", "drive*.c");

    /// <summary>Groups of drive.c.</summary>
    public static readonly TheoryData<string> Groups =
    [
        "lifecycle", "tables", "minimal-tables", "process", "engine-half", "options", "texts",
        "guard", "alert", "alert-rings", "verdicts", "log-only", "tables-of-guest", "hostile-code",
        "pushed", "queried", "no-gla", "retired",
        "declared", "mapped", "translate", "kept-mappings", "broken-mappings", "flush-under-fire", "declare-rules",
        "pieces", "injection", "injection-lost", "injection-refused", "injection-unload", "instructions", "device",
        "disable", "busy", "callbacks", "threads", "stack",
        "two-guests", "thousand-guests", "records",
        "reset", "query", "stop", "reconfigure", "power", "debugger",
    ];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Group(string group) =>
        Program.AssertHolds([group, NativeTools.LibraryPath, Repository.In("tests/abi/fixture/values.tsv")]);

    [Fact]
    public void EveryGroupIsRun() =>
        Assert.Equal(Program.Groups().Order(StringComparer.Ordinal), Groups.Select(row => row.Data).Order(StringComparer.Ordinal));
}
