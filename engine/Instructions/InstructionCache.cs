using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Instructions;

/// <summary>
/// Instructions that one vCPU has executed at its exits, decoded. Whoever looks one up has fetched the bytes at RIP already, and
/// what is here counts only if it was decoded from the same bytes: so nothing here goes stale, whoever changes code or page
/// tables, and nothing is ever invalidated.
/// </summary>
/// <remarks>
/// <para>One place an address. Where two addresses share a place, the later instruction takes it: the worst that a guest can do is
/// to have every instruction decoded, as without a cache. The place depends on a random number besides, so that a guest does
/// not know which addresses share one.</para>
/// <para>Memory: <see cref="Entries"/> times 88 bytes, in a pinned array that is made once. Thread safety: as its InstructionUnit.
/// </para>
/// </remarks>
internal sealed unsafe class InstructionCache
{
    /// <summary>Instructions that fit, a power of two.</summary>
    public const int Entries = 512;

    private const int Shift = 64 - 9; // log2(Entries)

    private readonly CachedInstruction[] _storage = GC.AllocateArray<CachedInstruction>(Entries, pinned: true);
    private readonly CachedInstruction* _entries;
    private readonly ulong _key = (ulong)Random.Shared.NextInt64() | 1;

    public InstructionCache() => _entries = (CachedInstruction*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_storage));

    /// <summary>The place of an address; what is in it may be another's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public CachedInstruction* At(ulong rip) => _entries + (nint)((rip * _key) >> Shift);
}
