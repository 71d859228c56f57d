using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>Stores that the engine performs itself, where the hypervisor would execute the instruction again.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>
    /// Judges the very store that the instruction makes, all of its bytes on both of its pages, and what it reads besides, whichever of
    /// these has caused the exit; and performs it if it is allowed.
    /// A repeated instruction is judged iteration by iteration, as long as they stay in the frame of the exit, up to
    /// Limits.MaxIterationsPerExit. The instruction is decoded. False: it is not emulated or cannot be performed; nothing has happened.
    /// </summary>
    [SkipLocalsInit]
    private bool TryComplete(
        VcpuState* vcpu, InstructionUnit unit, ulong gpa, EptAccess kinds, out IntroAction action, out IntStatus status)
    {
        action = IntroAction.Retry;
        status = IntStatus.Success;
        if (!_completion!.TryBegin(vcpu))
            return false;

        int attempts = 0;
        int iterations = 0;
        while (attempts < Limits.MaxStoreAttempts)
        {
            if (!unit.TryEmulate(_memory, vcpu, _hypervisor, out InstructionEffect store) || store.Size == 0 ||
                !StoreCommit.TryPlace(_memory, vcpu, ref store, unit.Workspace) ||
                !IsInFrame(vcpu, unit, in store, gpa, kinds) || !TryAskSource(vcpu, unit, in store, final: null, out IntroAction judged, out bool wantsOutcome))
            {
                return Stop(vcpu, iterations, ref action);
            }

            judged = AskStore(vcpu, unit, ref store, judged, ref status, out bool told);
            if (wantsOutcome)
                TryAskSource(vcpu, unit, in store, judged == IntroAction.Allowed ? IntroAction.AllowedVirtual : judged, out _, out _);
            if (judged != IntroAction.Allowed)
            {
                // Iterations before this one have happened; for this one, the verdict is that of an exit of its own.
                action = judged;
                return true;
            }

            // Rights that hooks have changed on account of this store are in force before it lands.
            if (_hooks.HasChanges && _hooks.Commit() == IntStatus.Busy)
                return true;

            switch (_completion.Complete(vcpu, ref store, unit.Workspace))
            {
                case CommitOutcome.Failed:
                    return Stop(vcpu, iterations, ref action);
                case CommitOutcome.Changed:
                    attempts++;
                    continue;
                default:
                    if (told && _translations is { } translations)
                        translations.Settle(vcpu->Index);
                    vcpu->StoreRip = 0;
                    action = IntroAction.AllowedVirtual;
                    iterations++;
                    if (!store.IsRepeated || iterations >= Limits.MaxIterationsPerExit)
                        return true;
                    attempts = 0;
                    break;
            }
        }

        return true;
    }

    /// <summary>Ends a repetition that has begun; the rest of it exits again. Otherwise says that nothing was done.</summary>
    private static bool Stop(VcpuState* vcpu, int iterations, ref IntroAction action)
    {
        if (iterations != 0)
            return true;
        action = IntroAction.Retry;
        vcpu->AccessSize = 0;
        return false;
    }

    /// <summary>Asks about the store, and tells what becomes of it. <paramref name="action"/>: what is known already of the
    /// instruction's verdict. <paramref name="told"/>: whether a handler wanted that.</summary>
    private IntroAction AskStore(
        VcpuState* vcpu, InstructionUnit unit, ref InstructionEffect store, IntroAction action, ref IntStatus status,
        out bool told)
    {
        ReadOnlySpan<byte> bytes = InstructionEffect.BytesOf(ref store, unit.Workspace);
        scoped FrameAccess access = new() { Vcpu = vcpu, Unit = unit, Memory = _memory };
        access.Access = store.ReadsTarget ? EptAccess.Read | EptAccess.Write : EptAccess.Write;
        foreach (ref readonly StorePiece piece in unit.Workspace.Pieces)
        {
            Show(ref access, in store, in piece, bytes);
            action = MaxOf(action, Ask(ref access));
        }

        IntroAction final = action == IntroAction.Allowed ? IntroAction.AllowedVirtual : action;
        for (int i = unit.Workspace.PieceCount - 1; i >= 0; i--)
        {
            // The first piece comes last, and is what the record is about afterwards.
            Show(ref access, in store, in unit.Workspace.Pieces[i], bytes);
            if (access.WantsOutcome)
                TellPiece(ref access, FramePiece.Of(in access), final);
        }

        told = access.WantsOutcome;
        if (access.ForcesAction)
            status = IntStatus.ForceActionOnBeta;
        return action;
    }

    /// <summary>Lets an access be about a piece of the store. A short store is shown with it as a whole, of a long one the piece alone.
    /// </summary>
    private static void Show(
        scoped ref FrameAccess access, in InstructionEffect store, in StorePiece piece, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> part = bytes.Slice(piece.Offset, piece.Size);
        bool isShort = store.RunCount == 0;
        access.Store = isShort ? new StoreOperand(store.Linear, store.Size) : new StoreOperand(piece.Linear, piece.Size);
        access.StoreData = isShort ? bytes : part;
        new FramePiece(piece.Gpa, piece.Linear, piece.Size, part).Apply(ref access);
    }

    /// <summary>Whether what has caused the exit is what the instruction does: its store is in that frame, or, of an exit for reading,
    /// what it reads.</summary>
    private bool IsInFrame(VcpuState* vcpu, InstructionUnit unit, in InstructionEffect store, ulong gpa, EptAccess kinds)
    {
        if (unit.Workspace.IsInFrameOf(gpa))
            return true;
        if ((kinds & EptAccess.Write) != EptAccess.None || store.SourceSize == 0)
            return false;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong last = store.SourceLinear + (ulong)store.SourceSize - 1;
        return IsMappedTo(in paging, store.SourceLinear, gpa) || IsMappedTo(in paging, last, gpa);
    }

    private bool IsMappedTo(in PagingContext paging, ulong linear, ulong gpa) =>
        PageWalk.Translate(_memory, in paging, linear, out ulong physical).IsSuccess() && physical / PageSize == gpa / PageSize;

    /// <summary>Asks about what the instruction reads elsewhere, page by page; or, once what becomes of it is known, tells that. False: a
    /// page is not there, and the processor has to see that.</summary>
    private bool TryAskSource(
        VcpuState* vcpu, InstructionUnit unit, in InstructionEffect store, IntroAction? final, out IntroAction action,
        out bool wantsOutcome)
    {
        action = IntroAction.Allowed;
        wantsOutcome = false;
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong linear = store.SourceLinear;
        int rest = store.SourceSize;
        while (rest > 0)
        {
            int inPage = (int)Math.Min((ulong)rest, PageSize - (linear & (PageSize - 1)));
            if (!PageWalk.Translate(_memory, in paging, linear, out ulong gpa).IsSuccess())
                return false;
            if (Touches(gpa, inPage, EptAccess.Read) != Touch.Nothing)
            {
                scoped FrameAccess access = new() { Vcpu = vcpu, Unit = unit, Memory = _memory, Access = EptAccess.Read };
                FramePiece piece = new(gpa, linear, inPage, default);
                piece.Apply(ref access);
                if (final is { } known)
                    Tell(ref access, (int)PageSize, known);
                else
                    action = MaxOf(action, Ask(ref access));
                wantsOutcome |= access.WantsOutcome;
            }

            linear += (ulong)inPage;
            rest -= inPage;
        }

        return true;
    }
}
