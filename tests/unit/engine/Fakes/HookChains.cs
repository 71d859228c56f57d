using System;
using System.Runtime.CompilerServices;
using Engine.Hooks;

namespace Tests.Unit.Fakes;

/// <summary>Lengths of the chains of a hook table: what a look-up really visits.</summary>
internal readonly record struct HookChains(int Longest, double MeanVisited)
{
    public static unsafe HookChains Of(FrameHookMap map)
    {
        FrameHookBuckets* buckets = (FrameHookBuckets*)Buckets(map);
        int longest = 0;
        long visited = 0, named = 0;
        for (int i = 0; i < buckets->Count; i++)
        {
            int length = 0;
            for (FrameHook* hook = *FrameHookBuckets.At(buckets, i); hook != null; hook = *FrameHook.LinkOf(hook, buckets->Generation))
                length++;
            longest = Math.Max(longest, length);
            named += length;
            visited += (long)length * length;
        }

        return new HookChains(longest, named == 0 ? 0 : (double)visited / named);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_buckets")]
    private static extern ref nint Buckets(FrameHookMap map);
}
