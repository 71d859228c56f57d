using System;
using BenchmarkDotNet.Attributes;
using Engine.Memory;

namespace Bench;

/// <summary>Case (i): a linear address is translated, four levels, no cache.</summary>
public class PageWalks : IDisposable
{
    private readonly BenchRam _ram = new();

    [Benchmark]
    public ulong FourLevels()
    {
        PagingContext paging = BenchRam.Paging;
        PageWalk.Translate(_ram.Memory, in paging, BenchRam.Linear + BenchRam.Data, out ulong physical);
        return physical;
    }

    public void Dispose()
    {
        _ram.Dispose();
        GC.SuppressFinalize(this);
    }
}
