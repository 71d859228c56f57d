using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Engine.Hooks;

/// <summary>One version of a frame-hook table: this head, then the hooks, then the buckets, in one unmanaged block.</summary>
/// <remarks>
/// <code>
/// offset size              field
///      0    4              Capacity   hooks that fit, a power of two
///      4    4              Used       hooks written, removed ones included; for the writer
///      8    4              Shift      64 - log2(buckets)
///     64   32 * Capacity   hooks
///      .    8 * Capacity   buckets (2 * Capacity of 4 bytes): index of the newest hook, -1: none
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FrameHookBlock
{
    private const int HeadBytes = 64;
    private const ulong Scatter = 0x9E37_79B9_7F4A_7C15;

    public int Capacity;
    public int Used;
    public int Shift;

    /// <summary>Allocates an empty table for a number of hooks that is a power of two.</summary>
    public static FrameHookBlock* Allocate(int capacity)
    {
        int buckets = capacity * 2;
        nuint bytes = HeadBytes + ((nuint)capacity * (nuint)sizeof(FrameHook)) + ((nuint)buckets * sizeof(int));
        FrameHookBlock* block = (FrameHookBlock*)NativeMemory.AlignedAlloc(bytes, 64);
        block->Capacity = capacity;
        block->Used = 0;
        block->Shift = 64 - int.Log2(buckets);
        NativeMemory.Fill(BucketsOf(block), (nuint)buckets * sizeof(int), 0xFF);
        return block;
    }

    /// <summary>The hooks of a table.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameHook* HooksOf(FrameHookBlock* block) => (FrameHook*)((byte*)block + HeadBytes);

    /// <summary>The bucket of a frame.</summary>
    /// <remarks>With the key's multiplication alone, frames at even distances fall into buckets at even distances, and one key in
    /// a few hundred makes chains of ten and more of them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int* BucketOf(FrameHookBlock* block, ulong frame, ulong key)
    {
        ulong hash = frame * key;
        hash = (hash ^ (hash >> 32)) * Scatter;
        return BucketsOf(block) + (nint)(hash >> block->Shift);
    }

    /// <summary>Writes a hook, then names it in its bucket, so that a reader sees all of it or nothing.</summary>
    public static void Insert(FrameHookBlock* block, FrameHook hook, ulong key)
    {
        int index = block->Used++;
        int* bucket = BucketOf(block, hook.Frame, key);
        hook.Next = *bucket;
        HooksOf(block)[index] = hook;
        Volatile.Write(ref *bucket, index);
    }

    private static int* BucketsOf(FrameHookBlock* block) => (int*)(HooksOf(block) + block->Capacity);
}
