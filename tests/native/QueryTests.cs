using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Xunit;

namespace Tests.Native;

/// <summary>
/// What IntQueryGuest answers is JSON with the members of docs/queries.md. The answers are those of the group "query" of drive.c: two
/// vCPUs, of which the second had an exit that was blocked and one that was allowed, and one call of the timer.
/// </summary>
public sealed class QueryTests
{
    private static readonly DriverProgram Program = new("drive-query", "drive*.c");

    private static readonly Lazy<IReadOnlyDictionary<string, JsonElement>> Answers = new(() =>
        Program.Notes(["query", NativeTools.LibraryPath]).Select(note => note.Split(' ', 3))
            .Where(parts => parts[0] is "json")
            .ToDictionary(parts => parts[1], parts => JsonDocument.Parse(parts[2]).RootElement, StringComparer.Ordinal));

    [Fact]
    public void CapabilitiesAreThoseOfTheTable()
    {
        JsonElement answer = Answers.Value["capabilities"];

        Assert.All(answer.EnumerateObject(), member => Assert.True(member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False));
        Assert.All(["mapMemory", "frameRights", "flushRights", "pause"], name => Assert.True(answer.GetProperty(name).GetBoolean()));
        Assert.All(
            ["crWrites", "msrWrites", "tableLoads", "xcrWrites", "timer"], name => Assert.False(answer.GetProperty(name).GetBoolean()));
    }

    [Fact]
    public void TheTableIsProtectedByPrevention()
    {
        JsonElement answer = Answers.Value["protections"];

        Assert.Equal("0x8", answer.GetProperty("options").GetString());
        JsonElement protection = Assert.Single(answer.GetProperty("protections").EnumerateArray());
        Assert.Equal("IDT", protection.GetProperty("name").GetString());
        Assert.Equal("prevented", protection.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.String, protection.GetProperty("detail").ValueKind);
    }

    [Fact]
    public void ExitsAndVerdictsAreCounted()
    {
        JsonElement answer = Answers.Value["counters"];

        JsonElement exits = answer.GetProperty("exits");
        Assert.Equal(2, exits.GetProperty("ept").GetInt64());
        Assert.All(
            ["msr", "vmcall", "cr", "dtr", "xcr", "breakpoint", "injection"],
            name => Assert.Equal(0, exits.GetProperty(name).GetInt64()));
        Assert.Equal(1, answer.GetProperty("verdicts").GetProperty("allowed").GetInt64());
        Assert.Equal(1, answer.GetProperty("verdicts").GetProperty("blocked").GetInt64());
        Assert.Equal(0, answer.GetProperty("droppedAlerts").GetInt64());
        Assert.InRange(answer.GetProperty("worstExitNs").GetInt64(), 1, 60_000_000_000);
    }

    [Fact]
    public void TheTimerIsCounted() =>
        Assert.Equal(1, Answers.Value["counters"].GetProperty("exits").GetProperty("timer").GetInt64());

    [Fact]
    public void EachVcpuHasItsOwnCounters()
    {
        JsonElement[] vcpus = [.. Answers.Value["vcpus"].GetProperty("vcpus").EnumerateArray()];

        Assert.Equal([0, 1], vcpus.Select(vcpu => vcpu.GetProperty("index").GetInt32()));
        Assert.Equal([0, 2], vcpus.Select(vcpu => vcpu.GetProperty("exits").GetInt32()));
        Assert.Equal([0, 1], vcpus.Select(vcpu => vcpu.GetProperty("blocked").GetInt32()));
        Assert.All(vcpus, vcpu => Assert.Equal("0xfffffe0000000000", vcpu.GetProperty("idtBase").GetString()));
        Assert.All(vcpus, vcpu => Assert.Equal(0xFFF, vcpu.GetProperty("idtLimit").GetInt32()));
        Assert.All(vcpus, vcpu => Assert.Equal("0xffffffff80030800", vcpu.GetProperty("gdtBase").GetString()));
    }
}
