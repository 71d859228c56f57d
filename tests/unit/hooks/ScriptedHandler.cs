using System.Collections.Generic;
using Engine.Abi;
using Engine.Hooks;

namespace Tests.Unit;

/// <summary>A handler that does what a test tells it, and remembers what it was asked and told.</summary>
internal sealed class ScriptedHandler : IFrameHookHandler
{
    public delegate IntroAction Script(ref FrameAccess access, in FrameHook hook);

    /// <summary>Called for each access; null: allowed.</summary>
    public Script? Judge { get; set; }

    /// <summary>Place and size of each access that was judged, and whose hook it was.</summary>
    public List<(ulong Gpa, int Size, ulong Cookie)> Asked { get; } = [];

    /// <summary>Place, bytes and outcome of each access that it was told about.</summary>
    public List<(ulong Gpa, byte[] Data, ulong Cookie, IntroAction Final)> Told { get; } = [];

    public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        Asked.Add((access.Gpa, access.Size, hook.Cookie));
        return Judge?.Invoke(ref access, in hook) ?? IntroAction.Allowed;
    }

    public void OnOutcome(ref FrameAccess access, in FrameHook hook, IntroAction final) =>
        Told.Add((access.Gpa, access.Data.ToArray(), hook.Cookie, final));
}
