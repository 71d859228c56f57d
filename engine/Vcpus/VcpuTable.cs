using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>The records of a guest's vCPUs: one unmanaged array, aligned to cache lines, that never moves.</summary>
/// <remarks>Thread safety: the array itself is immutable; a record belongs to whoever claimed its vCPU. Dispose only when nobody
/// is left inside the guest.</remarks>
internal sealed unsafe class VcpuTable : IDisposable
{
    private VcpuState* _records;
    private VcpuCounters* _counters;

    public VcpuTable(int count)
    {
        Count = count;
        _records = (VcpuState*)NativeMemory.AlignedAlloc((nuint)count * VcpuState.ByteSize, 64);
        _counters = (VcpuCounters*)NativeMemory.AlignedAlloc((nuint)count * (nuint)sizeof(VcpuCounters), 64);
        NativeMemory.Clear(_counters, (nuint)count * (nuint)sizeof(VcpuCounters));
        Reset();
    }

    /// <summary>Number of vCPUs.</summary>
    public int Count { get; }

    /// <summary>The record of vCPU 0.</summary>
    public VcpuState* Base => _records;

    /// <summary>The record of a vCPU below <see cref="Count"/>.</summary>
    public VcpuState* this[uint vcpu]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _records + vcpu;
    }

    /// <summary>The counters of a vCPU below <see cref="Count"/>.</summary>
    public VcpuCounters* CountersOf(uint vcpu) => _counters + vcpu;

    /// <summary>Sets every record to its initial state. Counters go on.</summary>
    public void Reset()
    {
        NativeMemory.Clear(_records, (nuint)Count * VcpuState.ByteSize);
        for (int i = 0; i < Count; i++)
        {
            _records[i].Index = (uint)i;
            _records[i].Initialized = 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_counters);
        _counters = null;
        NativeMemory.AlignedFree(_records);
        _records = null;
    }
}
