using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Guests in great numbers and from many threads. Alone, since memory of the whole process is measured.</summary>
[Collection(nameof(AloneCollection))]
public sealed unsafe partial class GuestLifecycleTests
{
    private const ulong Gate = TestMachine.IdtFrame + 0x430;

    [Fact]
    public void AThousandGuestsLeaveNoMemoryBehind()
    {
        using TestMachine machine = new(vcpus: 16, quiet: true);

        // The records of one guest alone are 15 KB, its first hook table 3 KB.
        AssertFlat(() => Cycle(machine, 1000));
        Assert.Equal(machine.Host.Registrations, machine.Host.Unregistrations + 1);
    }

    [Fact]
    public void AThousandGuestsWithOtherHandlesLeaveNoMemoryBehind()
    {
        using TestMachine machine = new(quiet: true);
        AssertFlat(() => Handles(machine, 1000));
    }

    [Fact]
    public void StartsAndStopsFromManyThreadsEndInOrder()
    {
        using TestMachine machine = new(vcpus: 2, quiet: true, start: false);
        IntroEngine engine = machine.Engine;
        nint handle = machine.Host.Handle;
        int odd = 0, started = 0, stopped = 0, busy = 0, judged = 0;
        bool stop = false;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    switch (engine.NewGuest(handle, GuestOptions.ProtectIdt, null, 0))
                    {
                        case IntStatus.Success: Interlocked.Increment(ref started); break;
                        case IntStatus.Busy or IntStatus.AlreadyInitializedHint: Interlocked.Increment(ref busy); break;
                        default: Interlocked.Increment(ref odd); break;
                    }
                }
            })),
            .. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    switch (engine.Disable(handle))
                    {
                        case IntStatus.Success: Interlocked.Increment(ref stopped); break;
                        case IntStatus.CannotUnload or IntStatus.NotNeededHint: Interlocked.Increment(ref busy); break;
                        default: Interlocked.Increment(ref odd); break;
                    }
                }
            })),
            new Thread(() =>
            {
                while (!Volatile.Read(ref stop))
                {
                    if (engine.Find(handle)?.Active is { } guest && guest.DeviceStore(Gate, [1], out _) == IntStatus.Success)
                        Interlocked.Increment(ref judged);
                }
            }),
        ];
        foreach (Thread thread in threads)
            thread.Start();
        Thread.Sleep(2000);
        Volatile.Write(ref stop, true);
        foreach (Thread thread in threads)
            Assert.True(thread.Join(10_000));

        while (engine.Disable(handle) == IntStatus.CannotUnload)
            Thread.Yield();
        Assert.Equal(0, odd);
        Assert.InRange(started, 3, int.MaxValue);
        Assert.InRange(stopped, 3, started);
        Assert.InRange(judged, 1, int.MaxValue);
        Assert.Equal(machine.Host.Activations, machine.Host.Deactivations);
        Assert.Equal(machine.Host.Registrations, machine.Host.Unregistrations);
        Assert.Equal((0, 0), (machine.Host.WithdrawnFrames, machine.Host.RegisteredHandler));
    }

    [Fact]
    public void AGuestWithoutDeclaredMemoryIsNotLostBetweenStartsAndStops()
    {
        // Nothing but its being active keeps such a guest known: it may be forgotten only while it is not.
        FakeHypervisor host = new() { KeepJournal = false };
        host.Log.Keep = false;
        EngineSettings settings = new()
        {
            Glue = FakeGlue.Table(), Upper = FakeGlue.Upper(host.Log), Shim = FakeShim.WithoutCopy, EptHandler = 1,
        };
        IntroEngine engine = new(in settings);
        bool stop = false;
        int started = 0;
        Thread stopper = new(() =>
        {
            while (!Volatile.Read(ref stop))
                engine.Disable(host.Handle);
        });
        stopper.Start();
        long until = Environment.TickCount64 + 1500;
        while (Environment.TickCount64 < until)
        {
            if (engine.NewGuest(host.Handle, GuestOptions.None, null, 0) == IntStatus.Success)
                started++;
        }

        Volatile.Write(ref stop, true);
        stopper.Join();
        while (engine.Disable(host.Handle) == IntStatus.CannotUnload)
            Thread.Yield();
        Assert.Equal(host.Activations, host.Deactivations);
        Assert.Null(engine.Find(host.Handle));
        Assert.InRange(started, 3, int.MaxValue);
        host.Forget();
    }

    [Fact]
    public void VcpusAreJudgedAtOnceAndTurnedAwayWhenTheGuestStops()
    {
        const int Vcpus = 3;
        using TestMachine machine = new(vcpus: Vcpus, quiet: true);
        ActiveGuest guest = machine.Guest;
        int blocked = 0, wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, Vcpus).Select(number => new Thread(() =>
        {
            uint vcpu = (uint)number;
            while (true)
            {
                // Only what is this exit's own is written: the record of a guest that is gone is not touched.
                IntStatus status = guest.Enter(vcpu, VcpuStateKind.EptViolation, IntStatus.InvalidParameter5);
                if (status == IntStatus.NotInitializedHint)
                    return;
                IntroAction action = IntroAction.NotAllowed;
                if (status == IntStatus.Success)
                {
                    guest.EptViolation(vcpu, Gate, TestMachine.Alias(Gate), EptAccess.Write, out action);
                    guest.Leave(vcpu, action);
                    Interlocked.Increment(ref blocked);
                }

                if (action != IntroAction.NotAllowed)
                    Interlocked.Increment(ref wrong);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        Thread.Sleep(500);
        int tries = 0;
        while (machine.Engine.Disable(machine.Host.Handle) != IntStatus.Success)
            Assert.InRange(tries++, 0, 1000);
        foreach (Thread thread in threads)
            Assert.True(thread.Join(10_000));
        Assert.Equal(0, wrong);
        Assert.InRange(blocked, 50, int.MaxValue);
        Assert.Equal((0, 0), (machine.Host.WithdrawnFrames, machine.Host.RegisteredHandler));
    }

    private static void Cycle(TestMachine machine, int guests)
    {
        for (int i = 0; i < guests; i++)
        {
            Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
            Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
            if (machine.Store(Gate, 1) != IntroAction.NotAllowed)
                Assert.Fail("not blocked");
        }
    }

    private static void Handles(TestMachine machine, int guests)
    {
        for (int i = 0; i < guests; i++)
        {
            FakeHypervisor host = new(vcpus: 4) { KeepJournal = false };
            host.Regs.AsSpan().Fill(machine.Regs);
            host.Efer.AsSpan().Fill(machine.Tables.Efer);
            GuestSession session = machine.Engine.Declare(host.Handle)!;
            Assert.Equal(IntStatus.Success, session.DeclareMemory(0, machine.Ram.Size, machine.Ram.Host));
            Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(host.Handle, GuestOptions.ProtectIdt, null, 0));
            Assert.Equal(1, host.WithdrawnFrames);
            Assert.Equal(IntStatus.Success, machine.Engine.Disable(host.Handle));
            Assert.NotNull(machine.Engine.Find(host.Handle));
            Assert.Equal(IntStatus.Success, machine.Engine.RemoveMemory(host.Handle, 0, machine.Ram.Size));
            Assert.Null(machine.Engine.Find(host.Handle));
            host.Forget();
        }
    }

    /// <summary>What leaks does so in every round; the runtime compiles, caches and frees in some, so that the one in the middle
    /// counts.</summary>
    private static void AssertFlat(Action thousandGuests)
    {
        const int Rounds = 5;
        long[] native = new long[Rounds];
        long[] managed = new long[Rounds];
        thousandGuests();
        for (int round = 0; round < Rounds; round++)
        {
            (long nativeBefore, long managedBefore) = InUse();
            thousandGuests();
            (long nativeAfter, long managedAfter) = InUse();
            (native[round], managed[round]) = (nativeAfter - nativeBefore, managedAfter - managedBefore);
        }

        Array.Sort(native);
        Array.Sort(managed);
        Assert.InRange(native[Rounds / 2], long.MinValue, 100_000);
        Assert.InRange(managed[Rounds / 2], long.MinValue, 100_000);
    }

    private static (long Native, long Managed) InUse()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        MallocInfo info = MallInfo2();
        return ((long)(info.InUse + info.Mapped), GC.GetTotalMemory(forceFullCollection: true));
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInfo MallInfo2();

    [StructLayout(LayoutKind.Sequential)]
    private struct MallocInfo
    {
        public nuint Arena;
        public nuint FreeChunks;
        public nuint FastChunks;
        public nuint MappedRegions;
        public nuint Mapped;
        public nuint Highest;
        public nuint FastFree;
        public nuint InUse;
        public nuint Free;
        public nuint Trimmable;
    }
}
