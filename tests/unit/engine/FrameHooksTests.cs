using System;
using System.Linq;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class FrameHooksTests : IDisposable
{
    private const nint EptHandler = 0x7777;

    private readonly FakeHypervisor _host = new();
    private readonly RetireList _retired = new(new ClaimTable(1));
    private readonly FrameHooks _hooks;
    private readonly ushort _handler;

    public FrameHooksTests()
    {
        _hooks = new FrameHooks(_host.Open(), _retired, EptHandler);
        _handler = _hooks.AddHandler(new FixedVerdict(IntroAction.NotAllowed));
    }

    public void Dispose()
    {
        _retired.Dispose();
        _hooks.Dispose();
        _host.Forget();
    }

    [Fact]
    public void NothingHappensBeforeTheCommit()
    {
        Assert.Equal(IntStatus.Success, _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1));
        Assert.Empty(_host.Journal);
        Assert.Equal(IntStatus.Success, _hooks.Commit());
        Assert.Equal(["register", "rights 5000 -Write", "flush"], _host.Journal);
        Assert.Equal(EptHandler, _host.RegisteredHandler);
        Assert.Equal(IntStatus.Success, _hooks.Commit());
        Assert.Equal(3, _host.Journal.Length);
    }

    [Fact]
    public void ARightGoesWithTheFirstHookOfItsKindAndComesBackWithTheLast()
    {
        _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1);
        _hooks.Set(0x5010, 16, EptAccess.Write, _handler, 2);
        _hooks.Set(0x5FFF, 1, EptAccess.Execute, _handler, 3);
        _hooks.Commit();
        Assert.Equal(EptAccess.Write | EptAccess.Execute, _host.Withdrawn(0x5000));
        _hooks.Remove(0x5000, _handler, 1);
        _hooks.Commit();
        Assert.Equal(EptAccess.Write | EptAccess.Execute, _host.Withdrawn(0x5000));
        _hooks.Remove(0x5010, _handler, 2);
        _hooks.Commit();
        Assert.Equal(EptAccess.Execute, _host.Withdrawn(0x5000));
        Assert.Equal(0, _host.Unregistrations);
        _hooks.Remove(0x5FFF, _handler, 3);
        _hooks.Commit();
        Assert.Equal(0, _host.WithdrawnFrames);
        Assert.Equal(["rights 5000 -None", "flush", "unregister"], _host.Journal[^3..]);
    }

    [Fact]
    public void OneCommitIsOneFlushHoweverManyFrames()
    {
        for (ulong frame = 1; frame <= 100; frame++)
            _hooks.Set(frame << 12, 4096, EptAccess.Write, _handler, frame);
        _hooks.Commit();
        Assert.Equal(100, _host.WithdrawnFrames);
        Assert.Equal(1, _host.Flushes);
        Assert.Equal(1, _host.Registrations);
        for (ulong frame = 1; frame <= 100; frame++)
            _hooks.Remove(frame << 12, _handler, frame);
        Assert.Equal(100, _host.WithdrawnFrames);
        _hooks.Commit();
        Assert.Equal(0, _host.WithdrawnFrames);
        Assert.Equal(2, _host.Flushes);
        Assert.Equal(1, _host.Unregistrations);
        Assert.Equal(0, _host.RegisteredHandler);
    }

    [Fact]
    public void AHookSetAndRemovedBeforeTheCommitLeavesNothing()
    {
        _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1);
        _hooks.Remove(0x5000, _handler, 1);
        Assert.Equal(IntStatus.Success, _hooks.Commit());
        Assert.Equal(0, _host.WithdrawnFrames);
        Assert.Equal(0, _host.RegisteredHandler);
        Assert.Equal(_host.Registrations, _host.Unregistrations);
    }

    [Theory]
    [InlineData(0x5000UL, 0)]
    [InlineData(0x5000UL, -1)]
    [InlineData(0x5000UL, 4097)]
    [InlineData(0x5FF8UL, 9)]
    [InlineData(0x5FFFUL, int.MaxValue)]
    public void AHookLiesInOneFrame(ulong gpa, int length)
    {
        Assert.Equal(IntStatus.NotSupported, _hooks.Set(gpa, length, EptAccess.Write, _handler, 1));
        Assert.Equal(0, _hooks.Map.Count);
        _hooks.Commit();
        Assert.Empty(_host.Journal);
    }

    [Fact]
    public void AnErrorOfTheGlueIsReturnedAndTheRestIsDone()
    {
        _host.SetRightsAnswer = IntStatus.AccessDenied;
        _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1);
        _hooks.Set(0x6000, 16, EptAccess.Write, _handler, 1);
        Assert.Equal(IntStatus.AccessDenied, _hooks.Commit());
        Assert.Equal(["register", "rights 5000 -Write", "rights 6000 -Write", "flush"], _host.Journal);
    }

    [Fact]
    public void ACommitIsDoneWithTheRightsThatAreWantedWhenItEnds()
    {
        // Another thread, here from inside the call, hooks one more kind while the rights are being set.
        bool added = false;
        _host.OnSetRights = _ =>
        {
            if (added)
                return;
            added = true;
            Thread other = new(() =>
            {
                _hooks.Set(0x5000, 16, EptAccess.Read, _handler, 2);
                _hooks.Commit();
            });
            other.Start();
            other.Join();
        };
        _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1);
        Assert.Equal(IntStatus.Success, _hooks.Commit());
        Assert.Equal(EptAccess.Read | EptAccess.Write, _host.Withdrawn(0x5000));
    }

    [Fact]
    public void TheGlueIsCalledWithoutTheLock()
    {
        // A thread that the glue waits for can change hooks: with the lock held across the call, this never ends.
        bool changed = false;
        _host.OnSetRights = _ =>
        {
            Thread other = new(() => _hooks.Set(0x9000, 16, EptAccess.Write, _handler, 9));
            other.Start();
            changed |= other.Join(5000);
        };
        _hooks.Set(0x5000, 16, EptAccess.Write, _handler, 1);
        _hooks.Commit();
        Assert.True(changed);
    }

    [Fact]
    public void ManyWritersEndWithTheRightRights()
    {
        _host.KeepJournal = false;
        Thread[] writers = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            EptAccess kind = (EptAccess)(1 << number);
            ulong cookie = (ulong)number;
            for (int round = 0; round < 400; round++)
            {
                for (ulong frame = 1; frame <= 5; frame++)
                    _hooks.Set(frame << 12, 8, kind, _handler, cookie);
                _hooks.Commit();
                for (ulong frame = 1; frame <= 5; frame++)
                    _hooks.Remove(frame << 12, _handler, cookie);
                if ((round & 3) != 3)
                    _hooks.Commit();
            }

            _hooks.Set(1 << 12, 8, kind, _handler, cookie);
            _hooks.Commit();
        }))];
        foreach (Thread writer in writers)
            writer.Start();
        foreach (Thread writer in writers)
            writer.Join();
        Assert.Equal(EptAccess.Read | EptAccess.Write | EptAccess.Execute, _host.Withdrawn(1 << 12));
        Assert.Equal(1, _host.WithdrawnFrames);
        Assert.Equal(3, _hooks.Map.Count);
        _retired.Collect();
    }

    [Fact]
    public void EachHookLeadsToItsHandler()
    {
        FixedVerdict second = new(IntroAction.Allowed);
        ushort index = _hooks.AddHandler(second);
        Assert.NotEqual(_handler, index);
        FrameHook hook = new() { Handler = index };
        Assert.Same(second, _hooks.HandlerOf(in hook));
    }
}
