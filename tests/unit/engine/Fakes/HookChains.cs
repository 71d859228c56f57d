using System;
using System.Runtime.CompilerServices;
using Engine.Hooks;

namespace Tests.Unit.Fakes;

/// <summary>Lengths of the chains of a hook table, removed hooks included: what a look-up really visits.</summary>
internal readonly record struct HookChains(int Capacity, int Longest, double MeanVisited)
{
    public static unsafe HookChains Of(FrameHookMap map)
    {
        FrameHookBlock* block = (FrameHookBlock*)Block(map);
        FrameHook* hooks = FrameHookBlock.HooksOf(block);
        int* buckets = (int*)(hooks + block->Capacity);
        int longest = 0;
        long visited = 0, named = 0;
        for (int i = 0; i < block->Capacity * 2; i++)
        {
            int length = 0;
            for (int at = buckets[i]; at >= 0; at = hooks[at].Next)
                length++;
            longest = Math.Max(longest, length);
            named += length;
            visited += (long)length * length;
        }

        return new HookChains(block->Capacity, longest, named == 0 ? 0 : (double)visited / named);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_block")]
    private static extern ref nint Block(FrameHookMap map);
}
