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

    public VcpuTable(int count)
    {
        Count = count;
        nuint bytes = (nuint)count * VcpuState.ByteSize;
        _records = (VcpuState*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(_records, bytes);
        for (int i = 0; i < count; i++)
        {
            _records[i].Index = (uint)i;
            _records[i].Initialized = 1;
        }
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

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_records);
        _records = null;
    }
}
