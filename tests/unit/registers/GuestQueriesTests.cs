using System.Text.Json;
using Engine.Abi;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Answers of IntQueryGuest, by the schema of docs/queries.md.</summary>
public sealed unsafe class GuestQueriesTests
{
    [Fact]
    public void CapabilitiesFollowTheTable()
    {
        using RegisterMachine machine = new(GuestOptions.None, trim: glue =>
        {
            glue.PauseVcpus = null;
            return glue;
        });
        using JsonDocument answer = JsonDocument.Parse(machine.Query("capabilities"));
        foreach (string name in new[] { "mapMemory", "frameRights", "pageTableRights", "flushRights", "crWrites", "msrWrites", "tableLoads", "xcrWrites", "timer" })
            Assert.True(answer.RootElement.GetProperty(name).GetBoolean(), name);
        Assert.False(answer.RootElement.GetProperty("pause").GetBoolean());
    }

    [Fact]
    public void PageTablesCanBeExcepted()
    {
        using RegisterMachine machine = new(GuestOptions.None, flags: GuestConfigFlags.NoPageTables);
        using JsonDocument answer = JsonDocument.Parse(machine.Query("capabilities"));
        Assert.True(answer.RootElement.GetProperty("frameRights").GetBoolean());
        Assert.False(answer.RootElement.GetProperty("pageTableRights").GetBoolean());
    }

    [Fact]
    public void ProtectionsSayHow()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4, prepare: host => host.Refused.Add("CR4"));
        using JsonDocument answer = JsonDocument.Parse(machine.Query("protections"));
        Assert.Equal("0x800", answer.RootElement.GetProperty("options").GetString());
        JsonElement protection = Assert.Single(answer.RootElement.GetProperty("protections").EnumerateArray());
        Assert.Equal("CR4", protection.GetProperty("name").GetString());
        Assert.Equal("watched", protection.GetProperty("state").GetString());
        Assert.NotEqual("", protection.GetProperty("detail").GetString());
    }

    [Fact]
    public void CountersAreOfAllVcpus()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        machine.CrWrite(4, 1 << 20, 0);
        machine.CrWrite(4, 1 << 20, 1 << 20);
        machine.MsrAccess(1, 2, 3);
        using JsonDocument answer = JsonDocument.Parse(machine.Query("counters"));
        JsonElement exits = answer.RootElement.GetProperty("exits");
        Assert.Equal(2, exits.GetProperty("cr").GetInt32());
        Assert.Equal(1, exits.GetProperty("msr").GetInt32());
        Assert.Equal(0, exits.GetProperty("ept").GetInt32());
        Assert.Equal(2, answer.RootElement.GetProperty("verdicts").GetProperty("allowed").GetInt32());
        Assert.Equal(1, answer.RootElement.GetProperty("verdicts").GetProperty("blocked").GetInt32());
        Assert.Equal(0, answer.RootElement.GetProperty("droppedAlerts").GetInt32());
        Assert.True(answer.RootElement.GetProperty("worstExitNs").GetInt64() > 0);
    }

    [Fact]
    public void VcpusAreListed()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdt, vcpus: 3);
        using JsonDocument answer = JsonDocument.Parse(machine.Query("vcpus"));
        Assert.Equal(3, answer.RootElement.GetProperty("vcpus").GetArrayLength());
        Assert.Equal("0xfffffe0000000000", answer.RootElement.GetProperty("vcpus")[2].GetProperty("idtBase").GetString());
    }

    [Fact]
    public void AnotherTopicIsNotFound()
    {
        using RegisterMachine machine = new(GuestOptions.None);
        machine.Query("capabilities ");
        Assert.Equal(IntStatus.NotFound, machine.Status);
    }
}
