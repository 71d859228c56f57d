using System;
using BenchmarkDotNet.Attributes;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;

namespace Bench;

/// <summary>Looks one and the same page up while so many hooks are set. It should cost the same however many there are.</summary>
public class HookLookup : IDisposable
{
    private const int Looks = 1_000;

    private FrameHookMap? _map;

    [Params(10, 1_000, 100_000)]
    public int Hooks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        RetireList retired = new(new ClaimTable(1));
        _map = new FrameHookMap(retired);
        for (int i = 0; i < Hooks; i++)
        {
            _map.Add(FrameOf(i), 0, 4096, EptAccess.Write, 0, (ulong)i);
            retired.Collect();
        }
    }

    [Benchmark(OperationsPerInvoke = Looks)]
    public ulong SamePage() => Look(FrameOf(5));

    [Benchmark(OperationsPerInvoke = Looks)]
    public ulong PageWithoutHook() => Look(1UL << 40);

    public void Dispose()
    {
        _map?.Dispose();
        GC.SuppressFinalize(this);
    }

    private unsafe ulong Look(ulong frame)
    {
        ulong sum = 0;
        for (int i = 0; i < Looks; i++)
        {
            foreach (FrameHook* hook in _map!.On(frame))
                sum += hook->Cookie;
        }

        return sum;
    }

    private static ulong FrameOf(int number) => 0x10_0000 + ((ulong)number * 3);
}
