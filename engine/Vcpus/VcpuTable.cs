using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Concurrency;

namespace Engine.Vcpus;

/// <summary>The vCPUs of a guest: one array of blocks, aligned to cache lines, that never moves.</summary>
/// <remarks>Thread safety: the array itself is immutable; a record belongs to whoever claimed its vCPU.</remarks>
internal sealed unsafe class VcpuTable
{
    public VcpuTable(int count)
    {
        Count = count;
        Claims = new ClaimTable(count, VcpuBlock.ByteSize);
        Blocks = (VcpuBlock*)Claims.Blocks;
        Reset();
    }

    /// <summary>Number of vCPUs.</summary>
    public int Count { get; }

    /// <summary>Claims of the vCPUs, and of threads without one; owns the memory.</summary>
    public ClaimTable Claims { get; }

    /// <summary>The block of vCPU 0.</summary>
    public VcpuBlock* Blocks { get; }

    /// <summary>The record of a vCPU below <see cref="Count"/>.</summary>
    public VcpuState* this[uint vcpu]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => &Blocks[vcpu].Record;
    }

    /// <summary>The counters of a vCPU below <see cref="Count"/>.</summary>
    public VcpuCounters* CountersOf(uint vcpu) => &Blocks[vcpu].Counters;

    /// <summary>Sets every record to its initial state. Counters go on.</summary>
    public void Reset()
    {
        for (uint i = 0; i < (uint)Count; i++)
        {
            VcpuState* record = this[i];
            NativeMemory.Clear(record, VcpuState.ByteSize);
            record->Index = i;
            record->Initialized = 1;
        }
    }
}
