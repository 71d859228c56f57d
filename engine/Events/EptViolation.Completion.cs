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
    /// Judges the very store that the instruction makes, all of its bytes on both of its pages, and performs it if it is allowed.
    /// A repeated instruction is judged iteration by iteration, as long as they stay in the frame of the exit, up to
    /// Limits.MaxIterationsPerExit. False: it is not emulated or cannot be performed; nothing has happened.
    /// </summary>
    [SkipLocalsInit]
    private bool TryComplete(VcpuState* vcpu, InstructionUnit unit, ulong gpa, out IntroAction action, out IntStatus status)
    {
        action = IntroAction.Retry;
        status = IntStatus.Success;
        if (_completion is null || (vcpu->ExitFlags & VcpuExitFlags.RipRetired) != VcpuExitFlags.None ||
            !_completion.TryBegin(vcpu) || !unit.Decode(_memory, vcpu).IsSuccess())
        {
            return false;
        }

        int attempts = 0;
        int iterations = 0;
        while (attempts < Limits.MaxStoreAttempts)
        {
            if (!unit.TryEmulate(_memory, vcpu, _hypervisor, out InstructionEffect store) ||
                !StoreCommit.TryPlace(_memory, vcpu, ref store, unit.Workspace) || !unit.Workspace.IsInFrameOf(gpa) ||
                IsSourceHooked(vcpu, in store))
            {
                return Stop(vcpu, iterations, ref action);
            }

            IntroAction judged = AskStore(vcpu, unit, ref store, ref status);
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

    private IntroAction AskStore(VcpuState* vcpu, InstructionUnit unit, ref InstructionEffect store, ref IntStatus status)
    {
        ReadOnlySpan<byte> bytes = InstructionEffect.BytesOf(ref store, unit.Workspace);
        scoped FrameAccess access = new() { Vcpu = vcpu, Unit = unit, Memory = _memory, Access = EptAccess.Write };
        IntroAction action = IntroAction.Allowed;
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

    /// <summary>Whether what the instruction reads elsewhere is hooked against reading: then the exit for that has to come.</summary>
    private bool IsSourceHooked(VcpuState* vcpu, in InstructionEffect store)
    {
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong linear = store.SourceLinear;
        int rest = store.SourceSize;
        while (rest > 0)
        {
            int inPage = (int)Math.Min((ulong)rest, PageSize - (linear & (PageSize - 1)));
            if (!PageWalk.Translate(_memory, in paging, linear, out ulong gpa).IsSuccess() ||
                Touches(gpa, inPage, EptAccess.Read) != Touch.Nothing)
            {
                return true;
            }

            linear += (ulong)inPage;
            rest -= inPage;
        }

        return false;
    }
}
