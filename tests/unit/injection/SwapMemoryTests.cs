using System;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Abi;
using Engine.Injection;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Reads of memory that is absent.</summary>
public sealed unsafe class SwapMemoryTests : IDisposable
{
    private const ulong User = InjectionMachine.UserPage;
    private const ulong Kernel = InjectionMachine.KernelPage;
    private const ulong Frame = InjectionMachine.Frame;
    private const uint ErrorUser = 4;
    private const uint ErrorWrite = 2;
    private const uint ErrorPresent = 1;

    private readonly InjectionMachine _machine = new(vcpus: 3);

    public SwapMemoryTests()
    {
        for (int i = 0; i < 8 * 4096; i++)
            *(_machine.Ram.At(Frame) + i) = (byte)(i ^ (i >> 8));
        for (uint vcpu = 0; vcpu < 3; vcpu++)
            _machine.Ring(3, vcpu);
    }

    private SwapSink Sink => _machine.Sink;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void WhatIsThereIsReadAtOnce()
    {
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User + 0xFF0, 0x20), out ulong handle));
        Assert.Equal((0UL, false, 1), (handle, _machine.SwapHasWork, Sink.Data.Count));
        (ulong cookie, ulong cr3, ulong linear, ulong physical, byte[] bytes, bool isAsync) = Sink.Data[0];
        Assert.Equal((7UL, _machine.Root, User + 0xFF0, Frame + 0xFF0, false), (cookie, cr3, linear, physical, isAsync));
        Assert.Equal(Expected(0xFF0, 0x20), bytes);
        Assert.Equal(0, _machine.TimersNeeded);
    }

    [Fact]
    public void AnAbsentPageIsBroughtByAPageFault()
    {
        _machine.Absent(User + 0x1000);
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User + 0xFF0, 0x20), out ulong handle));
        Assert.NotEqual(0UL, handle);
        Assert.Equal((1, 0, 1), (_machine.Swap.Count, Sink.Ends, _machine.TimersNeeded));
        _machine.Run();
        Assert.Equal([new FakeInjection(0, 14, ErrorUser, User + 0x1000)], _machine.Host.Injections);
        Assert.Equal([User + 0x1000], Sink.Asked);

        // While the guest handles it, nothing more is asked for, on any vCPU.
        _machine.Deliver(0, 14, User + 0x1000);
        _machine.Run();
        _machine.Run(1);
        Assert.Single(_machine.Host.Injections);
        _machine.Present(User + 0x1000);
        _machine.Run(1);
        Assert.Equal((0, 1, 0), (_machine.Swap.Count, Sink.Data.Count, Sink.Cancelled.Count));
        Assert.Equal((Frame + 0xFF0, true), (Sink.Data[0].Physical, Sink.Data[0].IsAsync));
        Assert.Equal(Expected(0xFF0, 0x20), Sink.Data[0].Bytes);
        Assert.False(_machine.Swap.Cancel(handle));
    }

    [Fact]
    public void PagesNeedNotBeThereAtTheSameTime()
    {
        _machine.Absent(User);
        _machine.Absent(User + 0x1000);
        _machine.Read(_machine.Request(User, 0x2000, SwapInOptions.NoFault), out _);
        _machine.Present(User);
        _machine.Run();
        _machine.Absent(User);
        _machine.Run();
        _machine.Present(User + 0x1000);
        _machine.Run();
        Assert.Equal(Expected(0, 0x2000), Assert.Single(Sink.Data).Bytes);
        Assert.Empty(_machine.Host.Injections);
    }

    [Fact]
    public void SeveralPageFaultsAreOutstandingOneAVcpu()
    {
        for (ulong page = 0; page < 4; page++)
            _machine.Absent(User + (page * 0x1000));
        _machine.Read(_machine.Request(User, 0x4000), out _);
        _machine.Run(0);
        _machine.Run(1);
        _machine.Run(2);
        _machine.Run(0);
        Assert.Equal(
            [new FakeInjection(0, 14, ErrorUser, User), new FakeInjection(1, 14, ErrorUser, User + 0x1000), new FakeInjection(2, 14, ErrorUser, User + 0x2000)],
            _machine.Host.Injections);
        _machine.Deliver(1, 14, User + 0x1000);
        _machine.Run(1);
        Assert.Equal(new FakeInjection(1, 14, ErrorUser, User + 0x3000), _machine.Host.Injections[^1]);
    }

    [Fact]
    public void SomethingElseThatWasDeliveredMakesItReadyAgain()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Run(0);
        _machine.Run(1);
        Assert.Single(_machine.Host.Injections);
        _machine.Deliver(0, 13, 0);
        _machine.Run(1);
        Assert.Equal(new FakeInjection(1, 14, ErrorUser, User), _machine.Host.Injections[^1]);
        _machine.Deliver(1, 14, User + 0x5000);
        _machine.Run(2);
        Assert.Equal(3, _machine.Host.Injections.Count);
    }

    [Fact]
    public void ALostInjectionIsFoundWhereTheVcpuIsStill()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Run(0);
        _machine.Run(0, moved: false);
        _machine.Run(0, moved: false);
        Assert.Equal(3, _machine.Host.Injections.Count);
    }

    [Fact]
    public void AFaultThatLedToNothingIsRepeatedAfterTwoTicks()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Run(0);
        _machine.Deliver(0, 14, User);
        _machine.Swap.Tick();
        _machine.Run(1);
        Assert.Single(_machine.Host.Injections);
        Thread.Sleep(Limits.InjectionLostMilliseconds + 50);
        _machine.Swap.Tick();
        _machine.Run(1);
        Assert.Equal(2, _machine.Host.Injections.Count);
    }

    [Fact]
    public void AGuestThatDoesNotBringAPageIsGivenUp()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        for (int i = 0; i < Limits.MaxSwapAttempts; i++)
        {
            _machine.Run(0);
            _machine.Deliver(0, 13, 0);
        }

        Assert.Equal((Limits.MaxSwapAttempts, 0), (_machine.Host.Injections.Count, Sink.Ends));
        _machine.Run(0);
        Assert.Equal([7UL], Sink.Cancelled);
        Assert.False(_machine.SwapHasWork);
    }

    [Theory]
    [InlineData(SwapInOptions.NoFault, 3U, false)]
    [InlineData(SwapInOptions.UserFault, 3U, true)]
    [InlineData(SwapInOptions.UserFault, 0U, false)]
    [InlineData(SwapInOptions.KernelFault, 3U, false)]
    [InlineData(SwapInOptions.KernelFault, 0U, true)]
    [InlineData(SwapInOptions.UserFault | SwapInOptions.KernelFault, 0U, true)]
    [InlineData(SwapInOptions.None, 0U, true)]
    public void RingsAreChosenByOptions(object options, uint ring, bool injected)
    {
        _machine.Absent(User);
        _machine.Ring(ring);
        _machine.Read(_machine.Request(User, 8, (SwapInOptions)options), out _);
        _machine.Run();
        Assert.Equal(injected ? [new FakeInjection(0, 14, ring == 3 ? ErrorUser : 0, User)] : [], _machine.Host.Injections);
    }

    [Theory]
    [InlineData(InjectionMachine.Flags, 0UL, false, true)]
    [InlineData(2UL, 0UL, false, false)]
    [InlineData(InjectionMachine.Flags, 2UL, false, false)]
    [InlineData(InjectionMachine.Flags, 0UL, true, false)]
    [InlineData(InjectionMachine.Flags | InjectionMachine.AlignmentCheck, 0UL, true, true)]
    public void AKernelIsFaultedOnlyWhereItCanBe(ulong flags, ulong cr8, bool smap, bool injected)
    {
        _machine.Absent(User);
        _machine.Ring(0);
        _machine.Host.Regs[0].Flags = flags;
        _machine.Host.Regs[0].Cr8 = cr8;
        if (smap)
            _machine.Host.Regs[0].Cr4 |= InjectionMachine.Smap;
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Run();
        Assert.Equal(injected ? 1 : 0, _machine.Host.Injections.Count);
    }

    [Fact]
    public void TheKernelsMemoryIsBroughtInAnyAddressSpaceButNotByUserCode()
    {
        _machine.Absent(Kernel);
        _machine.Read(_machine.Request(Kernel, 8, kernel: true), out _);
        _machine.Host.Regs[0].Cr3 = _machine.Host.Regs[1].Cr3 = 0x7F000;
        _machine.Run(0);
        Assert.Empty(_machine.Host.Injections);
        _machine.Ring(0, 1);
        _machine.Run(1);
        Assert.Equal([new FakeInjection(1, 14, 0, Kernel)], _machine.Host.Injections);
        _machine.Present(Kernel);
        _machine.Run(0);
        Assert.Single(Sink.Data);
    }

    [Fact]
    public void AnotherAddressSpaceHasNoPartInIt()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Host.Regs[0].Cr3 = 0x7F000;
        _machine.Run(0);
        _machine.Present(User);
        _machine.Run(0);
        Assert.Equal((0, 0), (_machine.Host.Injections.Count, Sink.Ends));

        // PCID and the flag that keeps translations are not part of it.
        _machine.Host.Regs[0].Cr3 = _machine.Root | 0x8000_0000_0000_0005;
        _machine.Run(0);
        Assert.Single(Sink.Data);
    }

    [Fact]
    public void WithTwoTablesOfAProcessTheKernelsCounts()
    {
        _machine.Swap.AddressSpaces = new TwoTables(0x7F000, _machine.Root);
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        _machine.Host.Regs[0].Cr3 = 0x7F000;
        _machine.Run(0);
        Assert.Single(_machine.Host.Injections);
    }

    [Fact]
    public void AWriteFaultNeedsThePageWritable()
    {
        _machine.Tables.Spoil(User, 1, clear: PageTables.Writable);
        _machine.Tables.Spoil(User, 1, set: 4);
        foreach (int level in (int[])[2, 3, 4])
            _machine.Tables.Spoil(User, level, set: 4);
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User, 8, SwapInOptions.WriteFault), out ulong handle));
        Assert.NotEqual(0UL, handle);
        _machine.Run();
        Assert.Equal([new FakeInjection(0, 14, ErrorUser | ErrorWrite | ErrorPresent, User)], _machine.Host.Injections);

        // Present alone is not enough, also when it was absent meanwhile.
        _machine.Deliver(0, 14, User);
        _machine.Absent(User);
        _machine.Run();
        _machine.Present(User);
        _machine.Run();
        Assert.Equal(0, Sink.Ends);
        _machine.Tables.Spoil(User, 1, set: PageTables.Writable);
        _machine.Run();
        Assert.Single(Sink.Data);
    }

    [Fact]
    public void AnAbsentPageThatHasToBeWritableIsFaultedAsAWrite()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8, SwapInOptions.WriteFault), out _);
        _machine.Run();
        Assert.Equal([new FakeInjection(0, 14, ErrorUser | ErrorWrite, User)], _machine.Host.Injections);
    }

    [Fact]
    public void AVetoPutsThePageOff()
    {
        _machine.Absent(User);
        _machine.Absent(User + 0x1000);
        Sink.Vetoes = true;
        _machine.Read(_machine.Request(User, 0x2000), out _);
        _machine.Run();
        Assert.Equal([User, User + 0x1000], Sink.Asked);
        Assert.Empty(_machine.Host.Injections);
        Sink.Vetoes = false;
        _machine.Run();
        Assert.Single(_machine.Host.Injections);
    }

    [Fact]
    public void WhatCannotBeReadIsRefused()
    {
        Assert.Equal(IntStatus.InvalidParameter3, _machine.Read(_machine.Request(User, 0), out _));
        Assert.Equal(IntStatus.InvalidParameter3, _machine.Read(_machine.Request(User, -1), out _));
        Assert.Equal(IntStatus.InvalidParameter3, _machine.Read(_machine.Request(User, Limits.MaxSwapLength + 1), out _));
        Assert.Equal(IntStatus.InvalidParameter2, _machine.Read(_machine.Request(ulong.MaxValue, 2), out _));
        Assert.Equal(
            IntStatus.OperationNotImplemented, _machine.Read(_machine.Request(User, 8, SwapInOptions.BreakpointFault), out _));
        Assert.Equal((0, false), (Sink.Ends, _machine.SwapHasWork));

        // An address that cannot exist, and a frame without memory, are not waited for.
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(0x0001_0000_0000_0000, 8, cookie: 1), out ulong handle));
        Assert.Equal(0UL, handle);
        _machine.Tables.Map(User, 0x7000_0000);
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User, 8, cookie: 2), out handle));
        Assert.Equal(0UL, handle);
        Assert.Equal([1UL, 2UL], Sink.Cancelled);
    }

    [Fact]
    public void TheSameReadTwiceIsOneIfAskedFor()
    {
        _machine.Absent(User);
        SwapInRequest request = _machine.Request(User, 8, SwapInOptions.NoDuplicates);
        _machine.Read(request, out ulong first);
        Assert.Equal(IntStatus.Success, _machine.Read(request, out ulong second));
        Assert.Equal((0UL, 1), (second, _machine.Swap.Count));
        _machine.Read(_machine.Request(User, 9, SwapInOptions.NoDuplicates), out ulong longer);
        _machine.Read(_machine.Request(User, 8, SwapInOptions.NoDuplicates, cookie: 8), out ulong other);
        Assert.Equal((3, true), (_machine.Swap.Count, first != 0 && longer != 0 && other != 0));
        Assert.True(_machine.Swap.Cancel(first));
        _machine.Read(request, out second);
        Assert.NotEqual(0UL, second);
    }

    [Fact]
    public void ReadsThatWaitAreBounded()
    {
        _machine.Absent(User);
        for (int i = 0; i < Limits.MaxSwapTransactions; i++)
            Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User, 8, cookie: (ulong)i), out _));
        Assert.Equal(IntStatus.InsufficientResources, _machine.Read(_machine.Request(User, 8), out _));
        _machine.Present(User);
        for (int i = 0; i < Limits.MaxSwapTransactions / Limits.SwapPagesPerExit; i++)
            _machine.Run();
        Assert.Equal(Enumerable.Range(0, Limits.MaxSwapTransactions).Select(i => (ulong)i), Sink.Data.Select(data => data.Cookie));

        _machine.Absent(User);
        int reads = 0;
        while (_machine.Read(_machine.Request(User, Limits.MaxSwapLength), out _) == IntStatus.Success)
            reads++;
        Assert.Equal(Limits.MaxSwapBytes / Limits.MaxSwapLength, reads);
    }

    [Fact]
    public void ReadsThatComeToNothingDoNotKeepBackOthers()
    {
        for (ulong page = 0; page < 8; page++)
            _machine.Absent(User + (page * 0x1000));
        for (ulong page = 0; page < 7; page++)
            _machine.Read(_machine.Request(User + (page * 0x1000), 8, SwapInOptions.NoFault), out _);
        _machine.Read(_machine.Request(User + 0x7000, 8, cookie: 8), out _);
        _machine.Run();
        _machine.Run();
        Assert.Equal(User + 0x7000, Assert.Single(_machine.Host.Injections).Cr2);
        _machine.Present(User + 0x7000);
        _machine.Run();
        _machine.Run();
        Assert.Equal(8UL, Assert.Single(Sink.Data).Cookie);
    }

    [Fact]
    public void ACancelledReadEndsOnce()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out ulong handle);
        Assert.False(_machine.Swap.Cancel(handle + 1));
        Assert.True(_machine.Swap.Cancel(handle));
        Assert.False(_machine.Swap.Cancel(handle));
        _machine.Present(User);
        _machine.Run();
        Assert.Equal((0, 1), (Sink.Data.Count, Sink.Cancelled.Count));

        // What becomes of its page fault is nobody's matter any more.
        _machine.Injector.Listener!.OnInjectionSettled(handle << 8, true);
    }

    [Fact]
    public void AnAddressSpaceThatGoesTakesItsReadsAlong()
    {
        _machine.Absent(User);
        _machine.Absent(Kernel);
        _machine.Read(_machine.Request(User, 8, cookie: 1), out _);
        _machine.Read(_machine.Request(Kernel, 8, kernel: true, cookie: 2), out _);
        _machine.Read(_machine.Request(User + 8, 8, cookie: 3), out _);
        Assert.Equal(0, _machine.Swap.CancelFor(_machine.Tables.Context.WithCr3(0x7F000)));
        Assert.Equal(2, _machine.Swap.CancelFor(_machine.Tables.Context));
        Assert.Equal([1UL, 3UL], Sink.Cancelled);
        Assert.Equal(1, _machine.Swap.Count);
    }

    [Fact]
    public void AnEndCancelsEverythingAndTakesNothingMore()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8, cookie: 1), out _);
        _machine.Read(_machine.Request(User + 8, 8, cookie: 2), out _);
        _machine.Run();
        IntStatus fromInside = IntStatus.Success;
        Sink.OnEnd = () => fromInside = _machine.Read(_machine.Request(User, 8), out _);
        _machine.Swap.Close();
        Assert.Equal([1UL, 2UL], Sink.Cancelled);
        Assert.Equal((IntStatus.NotReady, false), (fromInside, _machine.SwapHasWork));
        Sink.OnEnd = null;
        _machine.Swap.Open();
        Assert.Equal(IntStatus.Success, _machine.Read(_machine.Request(User, 8), out ulong handle));
        Assert.NotEqual(0UL, handle);
    }

    [Fact]
    public void AHandlerMayAskForMore()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8, cookie: 1), out _);
        Sink.OnEnd = () =>
        {
            Sink.OnEnd = null;
            _machine.Read(_machine.Request(User + 0x1000, 8, cookie: 2), out _);
            _machine.Absent(User + 0x1000);
            _machine.Read(_machine.Request(User + 0x1000, 8, cookie: 3), out _);
        };
        _machine.Present(User);
        _machine.Run();
        Assert.Equal([1UL, 2UL], Sink.Data.Select(data => data.Cookie));
        Assert.Equal(1, _machine.Swap.Count);
    }

    [Fact]
    public void ATranslationThatChangesIsTold()
    {
        Watch watch = new();
        _machine.Swap.Watch = watch;
        _machine.Absent(User);
        _machine.Absent(User + 0x1000);
        _machine.Read(_machine.Request(User, 0x1010), out _);
        Assert.Equal([User, User + 0x1000], watch.Watched.Select(entry => entry.Linear));
        _machine.Present(User);
        _machine.Swap.OnTranslationChanged(watch.Watched[0].Cookie);
        _machine.Swap.OnTranslationChanged(watch.Watched[1].Cookie);
        Assert.Equal(0, Sink.Ends);
        _machine.Present(User + 0x1000);
        _machine.Swap.OnTranslationChanged(watch.Watched[1].Cookie);
        Assert.Equal(Expected(0, 0x1010), Assert.Single(Sink.Data).Bytes);
        Assert.Equal(2, watch.Unwatched);
    }

    [Fact]
    public void APendingFaultCanBeCalledOff()
    {
        _machine.Absent(User);
        _machine.Read(_machine.Request(User, 8), out _);
        Assert.False(_machine.Swap.CancelPendingFault(_machine.Tables.Context, User));
        _machine.Run(0);
        Assert.False(_machine.Swap.CancelPendingFault(_machine.Tables.Context, User + 0x1000));
        Assert.False(_machine.Swap.CancelPendingFault(_machine.Tables.Context.WithCr3(0x7F000), User));
        Assert.True(_machine.Swap.CancelPendingFault(_machine.Tables.Context, User + 0xFFF));
        _machine.Run(1);
        Assert.Equal(2, _machine.Host.Injections.Count);
        _machine.Swap.ForgetFaults();
        _machine.Run(2);
        Assert.Equal(3, _machine.Host.Injections.Count);
    }

    [Fact]
    public void ReadsOnManyThreadsEndOnceEach()
    {
        const int Reads = 400;
        int data = 0, cancelled = 0, refused = 0, taken = 0;
        Counter counter = new(() => Interlocked.Increment(ref data), () => Interlocked.Increment(ref cancelled));
        bool stop = false;
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
                _machine.Run((uint)number);
        }))];
        Thread pages = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                _machine.Absent(User);
                Thread.Yield();
                _machine.Present(User);
                _machine.Swap.Tick();
            }
        });
        foreach (Thread thread in threads)
            thread.Start();
        pages.Start();
        for (int i = 0; i < Reads; i++)
        {
            SwapInRequest request = _machine.Request(User + ((ulong)i * 8), 8, SwapInOptions.NoFault);
            request = new SwapInRequest
            {
                Paging = request.Paging, Linear = request.Linear, Length = 8, Options = request.Options, Handler = counter,
            };
            if (!_machine.Swap.Read(in request, out ulong handle).IsSuccess())
                refused++;
            else
                taken++;
            if (i % 3 == 0)
                _machine.Swap.Cancel(handle);
            if (i % 7 == 0)
                _machine.Swap.CancelFor(_machine.Tables.Context);
        }

        _machine.Swap.Close();
        Volatile.Write(ref stop, true);
        foreach (Thread thread in threads)
            Assert.True(thread.Join(10_000));
        Assert.True(pages.Join(10_000));
        Assert.Equal(taken, data + cancelled);
        Assert.Equal(Reads, taken + refused);
        Assert.False(_machine.SwapHasWork);
    }

    private static byte[] Expected(int start, int length) =>
        [.. Enumerable.Range(start, length).Select(i => (byte)(i ^ (i >> 8)))];

    private sealed class Counter(Action onData, Action onCancelled) : ISwapInHandler
    {
        public void OnData(ulong cookie, in SwapInData data) => onData();

        public void OnCancelled(ulong cookie) => onCancelled();
    }

    private sealed class TwoTables(ulong user, ulong kernel) : IAddressSpaces
    {
        public ulong KernelCr3Of(ulong cr3) => cr3 == user ? kernel : cr3;
    }

    private sealed class Watch : ITranslationWatch
    {
        public System.Collections.Generic.List<(ulong Linear, ulong Cookie)> Watched { get; } = [];

        public int Unwatched { get; private set; }

        public bool TryWatch(in PagingContext paging, ulong linear, ulong cookie)
        {
            Watched.Add((linear, cookie));
            return true;
        }

        public void Unwatch(ulong cookie) => Unwatched++;
    }
}
