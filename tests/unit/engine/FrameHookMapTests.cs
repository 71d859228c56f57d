using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using CsCheck;
using Engine;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class FrameHookMapTests : IDisposable
{
    private readonly ClaimTable _claims = new(4);
    private readonly RetireList _retired;
    private readonly FrameHookMap _map;

    public FrameHookMapTests()
    {
        _retired = new RetireList(_claims);
        _map = new FrameHookMap(_retired);
    }

    public void Dispose()
    {
        _retired.Dispose();
        _map.Dispose();
    }

    [Fact]
    public void AHookIsFoundOnItsFrameAlone()
    {
        Assert.Equal(IntStatus.Success, _map.Add(0x142B4, 0xE10, 0xE20, EptAccess.Write, 3, 77));
        HookSnapshot hook = Assert.Single(HookSnapshot.On(_map, 0x142B4));
        Assert.Equal(new HookSnapshot(0xE10, 0xE20, EptAccess.Write, 3, 77), hook);
        Assert.Empty(HookSnapshot.On(_map, 0x142B5));
        Assert.Empty(HookSnapshot.On(_map, 0));
        Assert.Empty(HookSnapshot.On(_map, ulong.MaxValue));
        Assert.Equal(EptAccess.Write, _map.HookedAccess(0x142B4));
        Assert.Equal(EptAccess.None, _map.HookedAccess(0x142B5));
    }

    [Fact]
    public void AHookMayEndWithItsFrame()
    {
        Assert.Equal(IntStatus.Success, _map.Add(5, 0, 4096, EptAccess.Execute, 0, 0));
        Assert.Equal(4096, Assert.Single(HookSnapshot.On(_map, 5)).End);
    }

    [Fact]
    public void RemovalTakesOnlyWhatTheHandlerSetWithTheCookie()
    {
        foreach (ushort handler in new ushort[] { 1, 2 })
        {
            foreach (ulong cookie in new ulong[] { 10, 11, 10 })
                _map.Add(9, 0, 8, handler == 1 ? EptAccess.Write : EptAccess.Read, handler, cookie);
        }

        Assert.Equal(2, _map.Remove(9, 1, 10));
        Assert.Equal(0, _map.Remove(9, 1, 10));
        Assert.Equal(0, _map.Remove(8, 1, 11));
        Assert.Equal(4, _map.Count);
        Assert.Equal(EptAccess.Read | EptAccess.Write, _map.HookedAccess(9));
        Assert.Equal(1, _map.Remove(9, 1, 11));
        Assert.Equal(EptAccess.Read, _map.HookedAccess(9));
        Assert.Equal(3, HookSnapshot.On(_map, 9).Count);
    }

    [Fact]
    public void AFrameTakesABoundedNumberOfHooks()
    {
        for (int i = 0; i < Limits.MaxHooksPerFrame; i++)
            Assert.Equal(IntStatus.Success, _map.Add(1, 0, 1, EptAccess.Write, 0, (ulong)i));
        Assert.Equal(IntStatus.InsufficientResources, _map.Add(1, 0, 1, EptAccess.Write, 0, 99));
        Assert.Equal(IntStatus.Success, _map.Add(2, 0, 1, EptAccess.Write, 0, 99));
        Assert.Equal(1, _map.Remove(1, 0, 5));
        Assert.Equal(IntStatus.Success, _map.Add(1, 0, 1, EptAccess.Write, 0, 99));
    }

    [Fact]
    public void BehavesAsADictionaryOfLists()
    {
        Gen<(int Kind, ulong Frame, int Start, ushort Handler, ulong Cookie)> operation = Gen.Select(
            Gen.Int[0, 9], Gen.ULong[0, 200], Gen.Int[0, 100], Gen.UShort[0, 2], Gen.ULong[0, 3],
            (kind, frame, start, handler, cookie) => (kind, frame * 0x400, start, handler, cookie));
        operation.Array[1, 700].Sample(
            operations =>
            {
                ClaimTable claims = new(1);
                using RetireList retired = new(claims);
                using FrameHookMap map = new(retired);
                Dictionary<ulong, List<HookSnapshot>> model = [];
                Dictionary<ulong, int> high = [];
                foreach ((int kind, ulong frame, int start, ushort handler, ulong cookie) in operations)
                {
                    List<HookSnapshot> hooks = model.TryGetValue(frame, out List<HookSnapshot>? found) ? found : model[frame] = [];
                    high.TryAdd(frame, 0);
                    if (kind < 6)
                    {
                        EptAccess access = (EptAccess)(1 << (start % 3));
                        bool fits = hooks.Count < Limits.MaxHooksPerFrame;
                        IntStatus expected = fits ? IntStatus.Success : IntStatus.InsufficientResources;
                        bool isHigh = start >= 75;
                        FrameHookFlags flags = isHigh ? FrameHookFlags.HighPriority : FrameHookFlags.None;
                        Assert.Equal(expected, map.Add(frame, start, start + 8, access, handler, cookie, flags));
                        if (fits)
                            hooks.Insert(isHigh ? high[frame]++ : hooks.Count, new HookSnapshot(start, start + 8, access, handler, cookie));
                    }
                    else
                    {
                        int expected = hooks.RemoveAll(hook => hook.Handler == handler && hook.Cookie == cookie);
                        high[frame] = hooks.Count(hook => hook.Start >= 75);
                        Assert.Equal(expected, map.Remove(frame, handler, cookie));
                    }

                    Assert.Equal(hooks, HookSnapshot.On(map, frame));
                }

                Assert.Equal(model.Values.Sum(hooks => hooks.Count), map.Count);
                foreach ((ulong frame, List<HookSnapshot> hooks) in model)
                {
                    Assert.Equal(hooks, HookSnapshot.On(map, frame));
                    Assert.Equal(hooks.Aggregate(EptAccess.None, (all, hook) => all | hook.Access), map.HookedAccess(frame));
                }


            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void HooksThatComeAndGoTakeNoMoreMemoryThanThoseThereAreAtOnce()
    {
        for (ulong frame = 0; frame < 5000; frame++)
            Assert.Equal(IntStatus.Success, _map.Add(frame, 0, 8, EptAccess.Write, 0, frame));
        int buckets = _map.BucketCount;
        for (ulong frame = 0; frame < 5000; frame++)
            Assert.Equal(1, _map.Remove(frame, 0, frame));
        for (ulong frame = 0; frame < 100_000; frame++)
        {
            Assert.Equal(IntStatus.Success, _map.Add(frame, 0, 8, EptAccess.Write, 0, frame));
            Assert.Equal(1, _map.Remove(frame, 0, frame));
        }

        _retired.Collect();
        Assert.True(_retired.IsEmpty);
        Assert.Equal(0, _map.Count);
        Assert.Equal(buckets, _map.BucketCount);
        Assert.InRange(_map.HooksInMemory, 1, 5200);
    }

    [Fact]
    public void NoChangeCostsMuchMoreThanAnother()
    {
        // While there are twice as many buckets to fill, each change carries a few over: a look-up finds every hook all the time.
        for (ulong i = 0; i < 9000; i++)
        {
            Assert.Equal(IntStatus.Success, _map.Add(i * 7, 0, 8, EptAccess.Write, 0, i));
            ulong known = i * 31 % (i + 1);
            Assert.Equal(known, Assert.Single(HookSnapshot.On(_map, known * 7)).Cookie);
        }

        Assert.InRange(_map.BucketCount, 8192, 16384);
        Assert.InRange(HookChains.Of(_map).Longest, 1, 12);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(512UL)]
    [InlineData(1024UL)]
    [InlineData(0x4_0000UL)]
    public void AHundredThousandHooksHaveShortChainsWhateverTheirStride(ulong stride)
    {
        const int Hooks = 100_000;
        for (ulong i = 0; i < Hooks; i++)
            Assert.Equal(IntStatus.Success, _map.Add(i * stride, 0, 8, EptAccess.Write, 0, i));

        Assert.Equal(Hooks, _map.Count);
        for (ulong i = 0; i < Hooks; i += 997)
            Assert.Equal(i, Assert.Single(HookSnapshot.On(_map, i * stride)).Cookie);

        HookChains chains = HookChains.Of(_map);
        Assert.InRange(chains.Longest, 1, 16);
        Assert.InRange(chains.MeanVisited, 1, 2);
    }

    [Fact]
    public void AFrameWhoseHooksComeAndGoKeepsAShortChain()
    {
        for (ulong i = 0; i < 50_000; i++)
            Assert.Equal(IntStatus.Success, _map.Add(i + 1000, 0, 8, EptAccess.Write, 0, i));
        int longest = 0;
        for (int round = 0; round < 3000; round++)
        {
            Assert.Equal(IntStatus.Success, _map.Add(5, 0, 8, EptAccess.Write, 1, 1));
            Assert.Equal(1, _map.Remove(5, 1, 1));
            if (round % 500 == 499)
                longest = Math.Max(longest, HookChains.Of(_map).Longest);
        }

        Assert.InRange(longest, 1, 20);
    }

    [Fact]
    public void AHookIsNotUsedAgainWhileAnExitMayStandOnIt()
    {
        Assert.Equal(IntStatus.Success, _map.Add(1, 0, 8, EptAccess.Write, 0, 77));
        Assert.True(_claims.TryClaim(0));
        FrameHookCursor cursor = _map.On(1);
        Assert.True(cursor.MoveNext());
        Assert.Equal(1, _map.Remove(1, 0, 77));
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.Equal(IntStatus.Success, _map.Add(i, 0, 8, EptAccess.Write, 0, 0));
            Assert.Equal(1, _map.Remove(i, 0, 0));
        }

        unsafe
        {
            Assert.Equal((77UL, FrameHookFlags.Removed), (cursor.Current->Cookie, cursor.Current->Flags));
        }

        Assert.False(cursor.MoveNext());
        int used = _map.HooksInMemory;
        Assert.InRange(used, 1000, 1001);
        _claims.Release(0);
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.Equal(IntStatus.Success, _map.Add(i, 0, 8, EptAccess.Write, 0, 0));
            Assert.Equal(1, _map.Remove(i, 0, 0));
        }

        Assert.InRange(_map.HooksInMemory, 1, 100);
    }

    [Fact]
    public void BucketsAreNotReplacedAgainWhileAnExitGoesByTheOldOnes()
    {
        // The exit came in before the first growth: its links stay as they are, however many hooks are added.
        for (ulong i = 0; i < 60; i++)
            _map.Add(i, 0, 8, EptAccess.Write, 0, i);
        Assert.True(_claims.TryClaim(0));
        for (ulong i = 60; i < 4000; i++)
            Assert.Equal(IntStatus.Success, _map.Add(i, 0, 8, EptAccess.Write, 0, i));
        Assert.Equal(128, _map.BucketCount);
        _claims.Release(0);
        for (ulong i = 4000; i < 8000; i++)
            Assert.Equal(IntStatus.Success, _map.Add(i, 0, 8, EptAccess.Write, 0, i));
        Assert.Equal(8192, _map.BucketCount);
        for (ulong i = 0; i < 8000; i++)
            Assert.Equal(i, Assert.Single(HookSnapshot.On(_map, i)).Cookie);
    }

    [Fact]
    public void ReadersSeeEveryLastingHookWhileOthersComeAndGo()
    {
        const ulong Lasting = 200;
        for (ulong frame = 0; frame < Lasting; frame++)
            _map.Add(frame * 3, 16, 24, EptAccess.Write, 7, ~(frame * 3));
        long wrong = 0, looks = 0;
        bool stop = false;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            for (ulong i = 0; !Volatile.Read(ref stop); i++)
            {
                if (!_claims.TryClaim((uint)number))
                    continue;
                ulong frame = i % Lasting * 3;
                int lasting = 0;
                foreach (HookSnapshot hook in HookSnapshot.On(_map, frame))
                {
                    lasting += hook == new HookSnapshot(16, 24, EptAccess.Write, 7, ~frame) ? 1 : 0;

                    // The passing hooks of this frame carry its number in every field.
                    if (hook.Handler == 8 && (hook.Cookie != frame || hook.Start != (int)(frame % 4000)))
                        Interlocked.Increment(ref wrong);
                }

                if (lasting != 1)
                    Interlocked.Increment(ref wrong);
                _claims.Release((uint)number);
                if (!_retired.IsEmpty)
                    _retired.Collect();
                Interlocked.Increment(ref looks);
            }
        }))];
        foreach (Thread reader in readers)
            reader.Start();

        Random random = new(42);
        long until = Environment.TickCount64 + 1500;
        int changes = 0;
        while (Environment.TickCount64 < until)
        {
            ulong frame = (ulong)random.Next(600);
            if (random.Next(2) == 0)
                _map.Add(frame, (int)(frame % 4000), (int)(frame % 4000) + 8, EptAccess.Read, 8, frame);
            else
                _map.Remove(frame, 8, frame);
            changes++;
        }

        Volatile.Write(ref stop, true);
        foreach (Thread reader in readers)
            reader.Join();
        Assert.Equal(0, wrong);
        Assert.InRange(changes, 500, int.MaxValue);
        Assert.InRange(looks, 500, long.MaxValue);
    }
}
