using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Sessions;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed class GuestDirectoryTests
{
    private readonly GuestDirectory _guests = new();
    private readonly EngineSettings _settings = new()
    {
        Glue = FakeGlue.Table(), Upper = FakeGlue.Upper(new FakeLog()), Shim = FakeShim.WithoutCopy, EptHandler = 1,
    };

    [Fact]
    public void AGuestIsFoundByItsHandleAlone()
    {
        GuestSession first = _guests.FindOrAdd(0x7F00_1000, in _settings)!;
        Assert.Same(first, _guests.Find(0x7F00_1000));
        Assert.Same(first, _guests.FindOrAdd(0x7F00_1000, in _settings));
        Assert.Null(_guests.Find(0x7F00_1001));
        Assert.Null(_guests.Find(0));
        Assert.NotSame(first, _guests.FindOrAdd(0x7F00_1001, in _settings));
        Assert.Equal(2, _guests.All().Count);
    }

    [Fact]
    public void ThereIsRoomForAllAndNoMore()
    {
        for (nint i = 1; i <= Limits.MaxGuests; i++)
            Assert.NotNull(_guests.FindOrAdd(i * 4096, in _settings));
        Assert.Null(_guests.FindOrAdd(77, in _settings));
        Assert.NotNull(_guests.FindOrAdd(4096, in _settings));
        for (nint i = 1; i <= Limits.MaxGuests; i++)
            Assert.Equal(i * 4096, _guests.Find(i * 4096)!.Handle);
        _guests.RemoveIfUnused(_guests.Find(8192)!);
        Assert.Null(_guests.Find(8192));
        Assert.NotNull(_guests.FindOrAdd(77, in _settings));
    }

    [Fact]
    public void AnUnusedGuestIsForgottenOnce()
    {
        GuestSession session = _guests.FindOrAdd(5, in _settings)!;
        _guests.RemoveIfUnused(session);
        Assert.Null(_guests.Find(5));
        GuestSession second = _guests.FindOrAdd(5, in _settings)!;
        Assert.NotSame(session, second);
        _guests.RemoveIfUnused(session);
        Assert.Same(second, _guests.Find(5));
    }

    [Fact]
    public unsafe void AGuestWithDeclaredMemoryStays()
    {
        GuestSession session = _guests.FindOrAdd(5, in _settings)!;
        session.DeclareMemory(0, 4096, (byte*)4096);
        _guests.RemoveIfUnused(session);
        Assert.Same(session, _guests.Find(5));
        session.RemoveMemory(0, 4096);
        _guests.RemoveIfUnused(session);
        Assert.Null(_guests.Find(5));
    }

    [Fact]
    public void LookUpsGoOnWhileGuestsComeAndGo()
    {
        HashSet<nint> lasting = [.. Enumerable.Range(1, 50).Select(i => (nint)(i * 64))];
        foreach (nint handle in lasting)
            Assert.NotNull(_guests.FindOrAdd(handle, in _settings));
        bool stop = false;
        int missed = 0;
        Thread reader = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                foreach (nint handle in lasting)
                {
                    if (_guests.Find(handle)?.Handle != handle)
                        Interlocked.Increment(ref missed);
                }
            }
        });
        reader.Start();
        for (int round = 0; round < 30; round++)
        {
            for (nint i = 1; i <= 100; i++)
                _guests.FindOrAdd((i * 64) + 1, in _settings);
            for (nint i = 1; i <= 100; i++)
                _guests.RemoveIfUnused(_guests.Find((i * 64) + 1)!);
        }

        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.Equal(0, missed);
        Assert.Equal(50, _guests.All().Count);
    }
}
