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

/// <content>Stores and reads that the engine performs itself, where the hypervisor would execute the instruction again.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>
    /// Judges the very store that the instruction makes, all of its bytes on both of its pages, and what it reads besides, whichever of
    /// these has caused the exit; and performs it if it is allowed. One that only reads is performed as well: executed again, it could
    /// have become another one, and that would be completed without being asked about.
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
            if (!unit.TryEmulate(_memory, vcpu, _hypervisor, out InstructionEffect store) ||
                (store.Size | store.SourceSize) == 0 ||
                !StoreCommit.TryPlace(_memory, vcpu, ref store, unit.Workspace) ||
                !IsInFrame(vcpu, unit, in store, gpa, kinds) ||
                !TryAskSource(vcpu, unit, in store, final: null, out IntroAction judged, out bool wantsOutcome))
            {
                return Stop(vcpu, iterations, ref action);
            }

            judged = AskStore(vcpu, unit, ref store, judged, ref status, out bool told);
            if (wantsOutcome)
                TellSource(vcpu, unit, in store, judged);
            if (judged != IntroAction.Allowed)
            {
                // Iterations before this one have happened; for this one, the verdict is that of an exit of its own.
                action = judged;
                return true;
            }

            // Rights that hooks have changed on account of this store are in force before it lands.
            if (_hooks.HasChanges && _hooks.Commit() == IntStatus.Busy)
                return true;

            switch (Perform(vcpu, unit, ref store, told))
            {
                case CommitOutcome.Failed:
                    return Stop(vcpu, iterations, ref action);
                case CommitOutcome.Changed:
                    attempts++;
                    continue;
                default:
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

    /// <summary>
    /// Performs the instruction with the bytes of the record's PatchBuffer in the place of memory's (AllowedPatched). What it stores
    /// is judged; a repeated instruction is performed for one iteration. False: it is not emulated, reads nothing of the patch, or
    /// cannot be performed; nothing has happened. <paramref name="action"/>: AllowedVirtual, or why it is not performed.
    /// </summary>
    [SkipLocalsInit]
    private bool TryCompletePatched(VcpuState* vcpu, InstructionUnit unit, ref IntroAction action, ref IntStatus status)
    {
        if (_completion is not { MayBePossible: true } || vcpu->PatchBuffer.Valid == 0 ||
            (vcpu->ExitFlags & VcpuExitFlags.RipRetired) != VcpuExitFlags.None ||
            !_completion.TryBegin(vcpu) || (vcpu->Instruction.Length == 0 && !unit.Decode(_memory, vcpu).IsSuccess()) ||
            !unit.TryEmulate(_memory, vcpu, _hypervisor, out InstructionEffect effect, usesPatch: true) || !effect.ReadsPatch ||
            (effect.ReadsTarget && effect.IsAtomic) || !StoreCommit.TryPlace(_memory, vcpu, ref effect, unit.Workspace) ||
            !TryAskSource(vcpu, unit, in effect, final: null, out IntroAction judged, out bool wantsOutcome))
        {
            return false;
        }

        // The record stays about the read, unless there is a store.
        bool told = false;
        if (unit.Workspace.PieceCount != 0)
            judged = AskStore(vcpu, unit, ref effect, judged, ref status, out told);
        if (wantsOutcome)
            TellSource(vcpu, unit, in effect, judged);
        if (judged > IntroAction.AllowedPatched)
        {
            action = judged;
            return true;
        }

        if (judged != IntroAction.Allowed || (_hooks.HasChanges && _hooks.Commit() == IntStatus.Busy) ||
            Perform(vcpu, unit, ref effect, told) != CommitOutcome.Done)
        {
            return false;
        }

        action = IntroAction.AllowedVirtual;
        return true;
    }

    /// <summary>Performs what was judged. <paramref name="told"/>: a handler knows of it, and translations may have changed.</summary>
    private CommitOutcome Perform(VcpuState* vcpu, InstructionUnit unit, ref InstructionEffect effect, bool told)
    {
        CommitOutcome outcome = _completion!.Complete(vcpu, ref effect, unit.Workspace);
        if (outcome == CommitOutcome.Done && told && _translations is { } translations)
            translations.Settle(vcpu->Index);
        return outcome;
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

        IntroAction final = Performed(action);
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
        if ((kinds & EptAccess.Write) != EptAccess.None)
            return false;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        return IsReadIn(in paging, store.SourceLinear, store.SourceSize, gpa) ||
            IsReadIn(in paging, store.SecondSourceLinear, store.SecondSourceSize, gpa);
    }

    private bool IsReadIn(in PagingContext paging, ulong linear, int size, ulong gpa) =>
        size != 0 && (IsMappedTo(in paging, linear, gpa) || IsMappedTo(in paging, linear + (ulong)size - 1, gpa));

    private bool IsMappedTo(in PagingContext paging, ulong linear, ulong gpa) =>
        PageWalk.Translate(_memory, in paging, linear, out ulong physical).IsSuccess() && physical / PageSize == gpa / PageSize;

    /// <summary>Asks about what the instruction reads elsewhere, page by page; or, once what becomes of it is known, tells that. False: a
    /// page is not there, and the processor has to see that. What is in the patch buffer, all of it, was asked about before it came to
    /// be there.</summary>
    private bool TryAskSource(
        VcpuState* vcpu, InstructionUnit unit, in InstructionEffect store, IntroAction? final, out IntroAction action,
        out bool wantsOutcome)
    {
        action = IntroAction.Allowed;
        wantsOutcome = false;
        return TryAskRead(vcpu, unit, store.SourceLinear, store.SourceSize, final, ref action, ref wantsOutcome) &&
            TryAskRead(vcpu, unit, store.SecondSourceLinear, store.SecondSourceSize, final, ref action, ref wantsOutcome);
    }

    private void TellSource(VcpuState* vcpu, InstructionUnit unit, in InstructionEffect store, IntroAction judged) =>
        TryAskSource(vcpu, unit, in store, Performed(judged), out _, out _);

    /// <summary>What becomes of an access that the engine performs if it is allowed.</summary>
    private static IntroAction Performed(IntroAction judged) => judged == IntroAction.Allowed ? IntroAction.AllowedVirtual : judged;

    private bool TryAskRead(
        VcpuState* vcpu, InstructionUnit unit, ulong linear, int rest, IntroAction? final, ref IntroAction action,
        ref bool wantsOutcome)
    {
        ref VcpuPatchBuffer patch = ref vcpu->PatchBuffer;
        if (unit.Workspace.UsesPatch && linear - patch.Gla < patch.Size && (ulong)rest <= patch.Size - (linear - patch.Gla))
            return true;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
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
