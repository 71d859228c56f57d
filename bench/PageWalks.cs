using System;
using BenchmarkDotNet.Attributes;
using Engine.Concurrency;
using Engine.Hosting;
using Engine.Memory;
using Engine.Sessions;

namespace Bench;

/// <summary>Case (i): a linear address is translated through four levels: walked, remembered, and remembered wrongly.</summary>
public unsafe class PageWalks : IDisposable
{
    private readonly BenchRam _ram = new();

    public PageWalks()
    {
        Hypervisor hypervisor = new(NullGlue.SettingsWith(default).Glue, 1, default, new HostLog(0, default));
        _ram.Memory.Open(hypervisor, new ClaimTable(1), vcpus: 1);
    }

    private ulong* Entry => (ulong*)(_ram.Pointer + BenchRam.Tables + 0x3000) + (BenchRam.Data / 4096);

    [Benchmark]
    public ulong FourLevels() => Translate(PagingContext.NoVcpu);

    /// <summary>i_hit.</summary>
    [Benchmark]
    public ulong Remembered() => Translate(0);

    /// <summary>i_miss: a bit that says nothing has changed.</summary>
    [Benchmark]
    public ulong EntryChanged()
    {
        *Entry ^= 1 << 9;
        return Translate(0);
    }

    public void Dispose()
    {
        _ram.Memory.Close();
        _ram.Dispose();
        GC.SuppressFinalize(this);
    }

    private ulong Translate(uint vcpu)
    {
        PagingContext paging = new(BenchRam.Cr0, BenchRam.Tables, BenchRam.Cr4, BenchRam.Efer, vcpu);
        PageWalk.Translate(_ram.Memory, in paging, BenchRam.Linear + BenchRam.Data, out ulong physical);
        return physical;
    }
}
