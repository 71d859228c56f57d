using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Engine.Abi;
using Engine.Injection;
using Engine.Vcpus;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Denied executions whose #UD is pending.</summary>
public sealed unsafe class PendingUdsTests
{
    private readonly VcpuTable _vcpus = new(3);
    private readonly PendingUds _uds;

    public PendingUdsTests() => _uds = new PendingUds(_vcpus);

    [Theory]
    [InlineData(0, 1, 1, IntStatus.InvalidParameter1)]
    [InlineData(1, 0, 1, IntStatus.InvalidParameter2)]
    [InlineData(1, 1, 0, IntStatus.InvalidParameter3)]
    public void NoughtsAreRefused(ulong cr3, ulong rip, ulong thread, IntStatus expected)
    {
        Assert.Equal(expected, _uds.Add(cr3, rip, thread, out ulong id));
        Assert.Equal(0UL, id);
    }

    [Fact]
    public void TheSameTwiceIsOne()
    {
        Assert.Equal(IntStatus.Success, _uds.Add(1, 2, 3, out ulong first));
        Assert.Equal(IntStatus.AlreadyInitializedHint, _uds.Add(1, 2, 3, out ulong again));
        Assert.Equal(first, again);
        Assert.Equal(IntStatus.Success, _uds.Add(1, 2, 4, out ulong other));
        Assert.NotEqual(first, other);
        Assert.True(_uds.Remove(first));
        Assert.False(_uds.Remove(first));
        Assert.False(_uds.Remove(0));
        Assert.True(_uds.Contains(1, 2, 4));
        Assert.False(_uds.Contains(1, 2, 3));
    }

    [Fact]
    public void AnAddressSpaceThatGoesTakesItsEntriesAlong()
    {
        Assert.Equal(IntStatus.Success, _uds.Add(0x1000, 2, 3, out ulong mine));
        Assert.Equal(IntStatus.Success, _uds.Add(0x2000, 2, 3, out ulong other));
        Assert.Equal(IntStatus.Success, _uds.Add(0x1000, 4, 3, out _));
        _vcpus[0]->CurrentUD = mine;
        _vcpus[1]->CurrentUD = other;
        _vcpus[2]->CurrentUD = mine;
        Assert.Equal(2, _uds.RemoveAllFor(0x1000));
        Assert.Equal((0UL, other, 0UL), (_vcpus[0]->CurrentUD, _vcpus[1]->CurrentUD, _vcpus[2]->CurrentUD));
        Assert.True(_uds.Contains(0x2000, 2, 3));
        Assert.Equal(0, _uds.RemoveAllFor(0x1000));
        _uds.Clear();
        Assert.False(_uds.Contains(0x2000, 2, 3));
    }

    /// <summary>Against a list that forgets its oldest.</summary>
    [Fact]
    public void TheOldestMakesRoom() => Gen.Int[0, 2].Select(Gen.ULong[1, 100], Gen.ULong[1, 2]).List[0, 400].Sample(steps =>
    {
        PendingUds uds = new(_vcpus);
        List<(ulong Cr3, ulong Rip, ulong Id)> model = [];
        foreach ((int kind, ulong rip, ulong cr3) in steps)
        {
            if (kind == 0 && model.Count != 0)
            {
                int index = (int)(rip % (ulong)model.Count);
                Assert.True(uds.Remove(model[index].Id));
                model.RemoveAt(index);
                continue;
            }

            bool known = model.Any(entry => entry.Cr3 == cr3 && entry.Rip == rip);
            IntStatus status = uds.Add(cr3, rip, 9, out ulong id);
            Assert.Equal(known ? IntStatus.AlreadyInitializedHint : IntStatus.Success, status);
            if (known)
                continue;
            if (model.Count == global::Engine.Limits.MaxPendingUds)
                model.RemoveAt(0);
            model.Add((cr3, rip, id));
        }

        Assert.All(model, entry => Assert.True(uds.Contains(entry.Cr3, entry.Rip, 9)));
        Assert.Equal(model.Count(entry => entry.Cr3 == 1), uds.RemoveAllFor(1));
    });
}
