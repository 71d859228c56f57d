using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Instructions.Emulation;
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
                !StoreCommit.TryPlace(_memory, vcpu, ref store, out StoreTarget target) || !target.IsInFrameOf(gpa) ||
                IsSourceHooked(vcpu, in store))
            {
                return Stop(vcpu, iterations, ref action);
            }

            IntroAction judged = AskStore(vcpu, unit, ref store, in target, ref status);
            if (judged != IntroAction.Allowed)
            {
                // Iterations before this one have happened; for this one, the verdict is that of an exit of its own.
                action = judged;
                return true;
            }

            // Rights that hooks have changed on account of this store are in force before it lands.
            if (_hooks.HasChanges && _hooks.Commit() == IntStatus.Busy)
                return true;

            switch (_completion.Complete(vcpu, ref store, in target))
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

    private IntroAction AskStore(
        VcpuState* vcpu, InstructionUnit unit, ref InstructionEffect store, in StoreTarget target, ref IntStatus status)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpan(ref store.Bytes[0], store.Size);
        int start = store.Size - target.SecondSize;
        FramePiece first = new(target.First, store.Linear, target.FirstSize, bytes[..target.FirstSize]);
        FramePiece second = new(target.Second, store.Linear + (ulong)start, target.SecondSize, bytes[start..]);
        FrameAccess access = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Access = EptAccess.Write,
            Store = new StoreOperand(store.Linear, store.Size), StoreData = bytes,
        };
        first.Apply(ref access);
        IntroAction action = AskAll(ref access, in second, default);
        if (access.WantsOutcome)
            TellAll(ref access, in second, default, action == IntroAction.Allowed ? IntroAction.AllowedVirtual : action);
        if (access.ForcesAction)
            status = IntStatus.ForceActionOnBeta;
        return action;
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
