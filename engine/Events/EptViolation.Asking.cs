using System;
using System.Runtime.CompilerServices;
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
        if ((second.Size | before.Size) == 0)
            return access.Size != 0 ? Ask(ref access) : IntroAction.Allowed;

        FramePiece first = FramePiece.Of(in access);
        IntroAction action = AskPiece(ref access, in first, in second);
        action = MaxOf(action, AskPiece(ref access, in second, in first));
        action = MaxOf(action, AskPiece(ref access, in before, in second));
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

    private IntroAction AskPiece(ref FrameAccess access, scoped in FramePiece piece, scoped in FramePiece other)
    {
        if (piece.Size == 0)
            return IntroAction.Allowed;
        piece.Apply(ref access);
        other.ApplyAsOther(ref access);
        return Ask(ref access, piece.EndsBy);
    }

    private void TellPiece(ref FrameAccess access, scoped in FramePiece piece, IntroAction final)
    {
        if (piece.Size == 0)
            return;
        piece.Apply(ref access);
        Tell(ref access, piece.EndsBy, final);
    }

    /// <summary>Asks about an access, kind by kind: execution, reading, writing (spec/12, section 1.1).</summary>
    private IntroAction Ask(ref FrameAccess access, int endsBy = (int)PageSize)
    {
        EptAccess kinds = access.Access;
        if ((kinds & (kinds - 1)) == EptAccess.None)
            return AskKind(ref access, endsBy);

        IntroAction action = IntroAction.Allowed;
        for (int kind = (int)EptAccess.Execute, next = 0; next < 3; next++)
        {
            if (((int)kinds & kind) != 0)
            {
                access.Access = (EptAccess)kind;
                action = MaxOf(action, AskKind(ref access, endsBy));
            }

            kind = next == 0 ? (int)EptAccess.Read : (int)EptAccess.Write;
        }

        access.Access = kinds;
        return action;
    }

    private IntroAction AskKind(ref FrameAccess access, int endsBy)
    {
        IntroAction action = IntroAction.Allowed;
        foreach (FrameHook* hook in _hooks.Map.On(access.Gpa / PageSize))
        {
            if (!Overlaps(in access, hook) || hook->End > endsBy)
                continue;

            action = MaxOf(action, _hooks.HandlerOf(in *hook).OnAccess(ref access, in *hook));
            bool skips = access.SkipsOthers;
            if (access.RemovesHook)
                _hooks.Remove(access.Gpa, hook);
            access.RemovesHook = access.SkipsOthers = false;
            if (skips)
                break;
        }

        return action;
    }

    private void Tell(ref FrameAccess access, int endsBy, IntroAction final)
    {
        foreach (FrameHook* hook in _hooks.Map.On(access.Gpa / PageSize))
        {
            if (Overlaps(in access, hook) && hook->End <= endsBy)
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

    private static IntroAction MaxOf(IntroAction a, IntroAction b) => (IntroAction)Math.Max((int)a, (int)b);

    private static bool Overlaps(in FrameAccess access, FrameHook* hook) => Overlaps(access.Gpa, access.Size, access.Access, hook);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Overlaps(ulong gpa, int size, EptAccess kinds, FrameHook* hook)
    {
        int start = (int)(gpa & (PageSize - 1));
        return (hook->Access & kinds) != EptAccess.None && start < hook->End && start + size > hook->Start;
    }

    private Touch Touches(ulong gpa, int size, EptAccess kinds)
    {
        Touch touch = Touch.Nothing;
        foreach (FrameHook* hook in _hooks.Map.On(gpa / PageSize))
        {
            if (!Overlaps(gpa, size, kinds, hook))
                continue;
            if ((hook->Flags & FrameHookFlags.BytesOnly) == FrameHookFlags.None)
                return Touch.Hook;
            touch = Touch.BytesOnly;
        }

        return touch;
    }
}
