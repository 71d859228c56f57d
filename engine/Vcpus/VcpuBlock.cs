using System.Runtime.InteropServices;
using Engine.Concurrency;

namespace Engine.Vcpus;

/// <summary>All that belongs to one vCPU, 1024 bytes, so that an exit finds it with one shift.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    8  Claim     cell of the vCPU: see ClaimTable
///      8   56  (free; a cache line of its own)
///     64  128  Counters
///    192  832  Record    what the glue and the engine share
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = ByteSize)]
internal struct VcpuBlock
{
    /// <summary>Bytes of a block.</summary>
    public const int ByteSize = RecordOffset + VcpuState.ByteSize;

    private const int RecordOffset = 192;

    /// <summary>The claim cell.</summary>
    [FieldOffset(0)]
    public ulong Claim;

    /// <summary>What its exits came to.</summary>
    [FieldOffset(ClaimTable.LineBytes)]
    public VcpuCounters Counters;

    /// <summary>The record.</summary>
    [FieldOffset(RecordOffset)]
    public VcpuState Record;
}
