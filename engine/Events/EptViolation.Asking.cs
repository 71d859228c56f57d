using System;
using Engine.Abi;
using Engine.Hooks;

namespace Engine.Events;

/// <content>Hooks are asked, and told what became of the access.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>Asks the hooks that the access overlaps in its own frame, in the next one, and before it; the strongest action wins.
    /// </summary>
    private IntroAction AskAll(ref FrameAccess access, scoped in FramePiece second, scoped in FramePiece before)
    {
        IntroAction action = access.Size != 0 ? Ask(ref access) : IntroAction.Allowed;
        if ((second.Size | before.Size) == 0)
            return action;

        FramePiece first = FramePiece.Of(in access);
        action = MaxOf(action, AskPiece(ref access, in second));
        action = MaxOf(action, AskPiece(ref access, in before));
        first.Apply(ref access);
        return action;
    }

    /// <summary>Tells all of them what becomes of it.</summary>
    private void TellAll(ref FrameAccess access, scoped in FramePiece second, scoped in FramePiece before, IntroAction final)
    {
        FramePiece first = FramePiece.Of(in access);
        TellPiece(ref access, in first, final);
        TellPiece(ref access, in second, final);
        TellPiece(ref access, in before, final);
        first.Apply(ref access);
    }

    private IntroAction AskPiece(ref FrameAccess access, scoped in FramePiece piece)
    {
        if (piece.Size == 0)
            return IntroAction.Allowed;
        piece.Apply(ref access);
        return Ask(ref access, piece.EndsBy);
    }

    private IntroAction Ask(ref FrameAccess access, int endsBy = (int)PageSize)
    {
        IntroAction action = IntroAction.Allowed;
        EptAccess skipped = EptAccess.None;
        foreach (FrameHook* hook in _hooks.Map.On(access.Gpa / PageSize))
        {
            if (!Overlaps(in access, hook) || hook->End > endsBy || (hook->Access & skipped) != EptAccess.None)
                continue;

            action = MaxOf(action, _hooks.HandlerOf(in *hook).OnAccess(ref access, in *hook));
            if (access.RemovesHook)
                _hooks.Remove(access.Gpa, hook);
            if (access.SkipsOthers)
                skipped |= hook->Access;
            access.RemovesHook = access.SkipsOthers = false;
        }

        return action;
    }

    private void TellPiece(ref FrameAccess access, scoped in FramePiece piece, IntroAction final)
    {
        if (piece.Size == 0)
            return;
        piece.Apply(ref access);
        foreach (FrameHook* hook in _hooks.Map.On(piece.Gpa / PageSize))
        {
            if (Overlaps(in access, hook) && hook->End <= piece.EndsBy)
                _hooks.HandlerOf(in *hook).OnOutcome(ref access, in *hook, final);
        }
    }

    /// <summary>The bytes of a store that lie in the frame after that of the access.</summary>
    private static FramePiece NextFrame(scoped in FrameAccess access, ReadOnlySpan<byte> rest) => new(
        access.Gpa + (ulong)access.Size, access.Gla == 0 ? 0 : access.Gla + (ulong)access.Size, rest.Length, rest);

    /// <summary>What precedes the access in its frame, for those hooks that end before it.</summary>
    private static FramePiece Before(scoped in FrameAccess access)
    {
        int start = (int)(access.Gpa & (PageSize - 1));
        return new FramePiece(access.Gpa - (ulong)start, access.Gla == 0 ? 0 : access.Gla - (ulong)start, start, default, start);
    }
}
