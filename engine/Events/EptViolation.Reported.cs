using Engine.Abi;
using Engine.Hooks;

namespace Engine.Events;

/// <content>Accesses that agents in the guest tell of.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>Whether anything on a frame is hooked against an access, whatever its place.</summary>
    public bool IsHooked(ulong gpa, EptAccess kinds) => (_hooks.Map.HookedAccess(gpa / PageSize) & kinds) != EptAccess.None;

    /// <summary>Asks the hooks about an access within one frame that did not exit by itself.</summary>
    public IntroAction AskReported(ref FrameAccess access)
    {
        FramePiece.Of(in access).Apply(ref access);
        return AskAll(ref access, default, default);
    }

    /// <summary>Tells them what becomes of it.</summary>
    public void TellReported(ref FrameAccess access, IntroAction final)
    {
        if (access.WantsOutcome)
            TellAll(ref access, default, default, final);
    }
}
