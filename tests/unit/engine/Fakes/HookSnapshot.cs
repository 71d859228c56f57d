using System.Collections.Generic;
using Engine.Abi;
using Engine.Hooks;

namespace Tests.Unit.Fakes;

/// <summary>A hook as a test compares it.</summary>
internal readonly record struct HookSnapshot(int Start, int End, EptAccess Access, ushort Handler, ulong Cookie)
{
    /// <summary>The live hooks of a frame, in the order of a look-up.</summary>
    public static unsafe List<HookSnapshot> On(FrameHookMap map, ulong frame)
    {
        List<HookSnapshot> hooks = [];
        foreach (FrameHook* hook in map.On(frame))
            hooks.Add(new HookSnapshot(hook->Start, hook->End, hook->Access, hook->Handler, hook->Cookie));
        return hooks;
    }
}
