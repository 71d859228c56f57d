using System;
using BenchmarkDotNet.Attributes;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;

namespace Bench;

/// <summary>Hooks on frames that are 4 MiB apart: a table that is keyed by the low bits of the frame puts them all into one chain.
/// </summary>
public class HookCollisions : IDisposable
{
    private const ulong Stride = 1024;
    private const int Rounds = 100;

    private FrameHookMap? _map;

    [Params(10, 2_040)]
    public int Hooks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        RetireList retired = new(new ClaimTable(1));
        _map = new FrameHookMap(retired);
        for (int i = 0; i < Hooks; i++)
        {
            _map.Add((ulong)i * Stride, 0, 4096, EptAccess.Write, 0, (ulong)i);
            retired.Collect();
        }
    }

    [Benchmark(OperationsPerInvoke = 10 * Rounds)]
    public unsafe ulong TenPages()
    {
        ulong sum = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (ulong i = 0; i < 10; i++)
            {
                foreach (FrameHook* hook in _map!.On(i * Stride))
                    sum += hook->Cookie;
            }
        }

        return sum;
    }

    public void Dispose()
    {
        _map?.Dispose();
        GC.SuppressFinalize(this);
    }
}
