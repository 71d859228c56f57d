using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engine.Hooks;

/// <summary>One generation of the buckets of a frame-hook map: this head, then the buckets, in one unmanaged block.</summary>
/// <remarks>
/// <code>
/// offset size       field
///      0    4       Shift        64 - log2(buckets)
///      4    4       Generation   which link of a hook the chains go by: 0 or 1
///      8    8       (free)
///     16    8 * n   buckets: first hook, or null
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = HeadBytes)]
internal unsafe struct FrameHookBuckets
{
    private const int HeadBytes = 16;

    public int Shift;
    public int Generation;

    /// <summary>Allocates empty buckets, a power of two of them.</summary>
    public static FrameHookBuckets* Allocate(int count, int generation)
    {
        FrameHookBuckets* buckets = (FrameHookBuckets*)NativeMemory.AllocZeroed(BytesFor(count));
        buckets->Shift = 64 - int.Log2(count);
        buckets->Generation = generation;
        return buckets;
    }

    /// <summary>Number of buckets.</summary>
    public readonly int Count => 1 << (64 - Shift);

    /// <summary>Bytes of the block.</summary>
    public readonly nuint Bytes => BytesFor(Count);

    /// <summary>A bucket by its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameHook** At(FrameHookBuckets* buckets, int index) => (FrameHook**)((byte*)buckets + HeadBytes) + index;

    /// <summary>The bucket of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameHook** Of(FrameHookBuckets* buckets, ulong key) => At(buckets, (int)(key >> buckets->Shift));

    private static nuint BytesFor(int count) => HeadBytes + ((nuint)count * (nuint)sizeof(FrameHook*));
}
