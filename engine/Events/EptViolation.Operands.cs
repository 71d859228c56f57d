using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>What else an instruction accesses that the hypervisor completes as a whole: nothing of it would exit by itself.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>Lists all that the decoded instruction accesses. An operand that cannot be found makes the list incomplete; one whose page
    /// is not there for the instruction is noted.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Collect(
        VcpuState* vcpu, InstructionUnit unit, ulong gpa, ulong gla, EptAccess kinds, scoped ref WholeInstruction whole)
    {
        int count = unit.ListOperands(vcpu, whole.Operands);
        whole.Operands = whole.Operands[..count];
        whole.IsKnown = true;
        bool singly = IsSingly(unit);
        ulong exit = HasGla(vcpu, gpa, gla) ? gla : 0;
        if (count == 1 && IsExit(in whole.Operands[0], exit, kinds))
        {
            whole.Explains = true;
            return;
        }

        for (int i = 0; i < count; i++)
        {
            ref readonly MemoryOperand operand = ref whole.Operands[i];
            if (operand.State == OperandState.Faults || operand.Kind == OperandKind.ShadowStack)
                continue;
            whole.IsIncomplete |= operand.State != OperandState.Known || !operand.HasAddress;
            if (operand.HasAddress)
                CollectOperand(vcpu, i, singly, gpa, exit, kinds, ref whole);
        }
    }

    /// <summary>Whether an operand is the store that has caused the exit, and nothing else.</summary>
    private static bool IsExit(in MemoryOperand operand, ulong exit, EptAccess kinds) =>
        operand.State == OperandState.Known && operand.HasAddress && operand.IsSingle && operand.Writes &&
        DoneWith(in operand) == kinds && exit - operand.Linear < (ulong)operand.Size &&
        IsInPage(operand.Linear, operand.Linear + (ulong)operand.Size - 1);

    private static EptAccess DoneWith(in MemoryOperand operand) =>
        (operand.Reads ? EptAccess.Read : EptAccess.None) | (operand.Writes ? EptAccess.Write : EptAccess.None);

    private void CollectOperand(
        VcpuState* vcpu, int index, bool singly, ulong gpa, ulong exit, EptAccess kinds, scoped ref WholeInstruction whole)
    {
        ref readonly MemoryOperand operand = ref whole.Operands[index];
        PageAccessKind kind = operand.Writes ? PageAccessKind.Write : PageAccessKind.Read;
        FurtherPiece piece = new()
        {
            Operand = (byte)index,
            Done = DoneWith(in operand),
        };
        foreach (OperandPiece part in operand.Pieces)
        {
            OperandPiece narrowed = part;
            if (!TryNarrow(in operand, singly, ref narrowed))
                continue;

            piece.Linear = narrowed.Linear;
            piece.Size = narrowed.Size;
            piece.IsExit = exit != 0 && IsInPage(piece.Linear, exit);
            piece.Physical = (gpa & ~(PageSize - 1)) | (piece.Linear & (PageSize - 1));
            if (!piece.IsExit)
            {
                PageCheck check = _faults.Check(
                    vcpu, piece.Linear, kind, operand.Kind == OperandKind.Table, out piece.Physical, out uint errorCode);
                if (check == PageCheck.PageFault)
                    whole.NoteFault(piece.Linear, errorCode, (operand.Access & OperandAccess.Conditional) == OperandAccess.None);
                whole.IsIncomplete |= check == PageCheck.Unknown;
                if (check != PageCheck.Allowed)
                    continue;
            }

            ulong distance = piece.IsExit ? exit - piece.Linear : gpa - piece.Physical;
            whole.Explains |= (piece.Done & kinds) != EptAccess.None && distance < (ulong)piece.Size;
            piece.IsHooked = Touches(piece.Physical, piece.Size, piece.Done) != Touch.Nothing;
            whole.Reaches |= piece.IsHooked;
            whole.Add(in piece);
        }
    }

    /// <summary>
    /// Tells whether the vCPU has to be sent back: since the instruction needs a page that is not there for it, for which the guest gets
    /// its page fault; or since it repeats and reaches a hook, so that its iterations are to exit one by one from now on. False, too,
    /// after it was sent back for the same page a few times: then it has to be judged without.
    /// </summary>
    private bool IsSentBack(VcpuState* vcpu, InstructionUnit unit, scoped ref WholeInstruction whole)
    {
        // If it does not explain the exit, it is another one by now, and neither the fault nor the hook is this exit's.
        if (!whole.Explains)
            return false;
        if (whole.FaultCode is not { } errorCode)
            return whole.Reaches && !IsSingly(unit) && _rep.TryHold(vcpu);
        bool isSent = whole.IsFaultCertain
            ? _faults.TrySendBack(vcpu, whole.FaultLinear, errorCode)
            : VcpuRetries.TryNote(vcpu, whole.FaultLinear);
        whole.IsIncomplete |= !isSent;
        return isSent;
    }

    /// <summary>Asks about every access of the instruction but the one that has caused the exit and was judged. Bytes are not known. What
    /// is not known of it is left to the fail policy.</summary>
    /// <param name="judged">The access that was judged.</param>
    /// <param name="whole">All of its accesses.</param>
    /// <param name="final">What becomes of the instruction: then the hooks are told, and not asked. Null: that is still open.</param>
    /// <param name="wantsOutcome">Set if a handler wants to be told.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntroAction AskFurther(
        scoped in FrameAccess judged, scoped in WholeInstruction whole, IntroAction? final, ref bool wantsOutcome)
    {
        IntroAction action = whole.IsIncomplete && final is null ? Unknown(in judged, _policy.Others) : IntroAction.Allowed;
        foreach (ref readonly FurtherPiece piece in whole.Pieces)
        {
            if (!piece.IsHooked)
                continue;
            bool wasJudged = piece.IsExit && piece.Linear < judged.Gla + (ulong)judged.Size &&
                judged.Gla < piece.Linear + (ulong)piece.Size;
            EptAccess left = wasJudged ? piece.Done & ~judged.Access : piece.Done;
            if (left != EptAccess.None)
                action = MaxOf(action, AskPiece(in judged, in whole.Operands[piece.Operand], in piece, left, final, ref wantsOutcome));
        }

        return action;
    }

    private IntroAction AskPiece(
        scoped in FrameAccess judged, scoped in MemoryOperand operand, in FurtherPiece piece, EptAccess kinds, IntroAction? final,
        ref bool wantsOutcome)
    {
        scoped FrameAccess access = new() { Vcpu = judged.Vcpu, Unit = judged.Unit, Memory = _memory, Access = kinds };
        if (operand.Writes && operand.IsSingle)
            access.Store = new StoreOperand(operand.Linear, operand.Size);
        FramePiece part = new(piece.Physical, piece.Linear, piece.Size, default);
        part.Apply(ref access);
        if (final is { } known)
        {
            Tell(ref access, (int)PageSize, known);
            return known;
        }

        IntroAction action = Ask(ref access);
        wantsOutcome |= access.WantsOutcome;
        return action;
    }

    /// <summary>Whether the next iteration of an instruction is all that the hypervisor performs of it before the next exit.</summary>
    private bool IsSingly(InstructionUnit unit) => !unit.Repeats || _rep.IsOff;

    /// <summary>Whether the linear address of the exit is that of the access itself: pages are mapped to frames, so that the offsets
    /// agree. Otherwise the processor was at its page tables.</summary>
    private static bool HasGla(VcpuState* vcpu, ulong gpa, ulong gla) =>
        gla != 0 && (vcpu->ExitFlags & VcpuExitFlags.NoGla) == VcpuExitFlags.None && ((gla ^ gpa) & (PageSize - 1)) == 0;

    private static bool IsInPage(ulong linear, ulong other) => ((linear ^ other) & ~(PageSize - 1)) == 0;

    /// <summary>
    /// Narrows a piece of an operand to what may be accessed before the next exit: of one that repeats, the next iteration, or as many as
    /// lie in the page where that one is. False: nothing of it.
    /// </summary>
    private static bool TryNarrow(in MemoryOperand operand, bool singly, ref OperandPiece piece)
    {
        if (operand.IsSingle)
            return true;

        ulong addresses = operand.Wraps ? uint.MaxValue : ulong.MaxValue;
        ulong last = (operand.Linear + (ulong)operand.Size - 1) & addresses;
        bool isFirst = IsInPage(piece.Linear, operand.Linear);
        bool isLast = IsInPage(piece.Linear, last);
        if (!isFirst && !isLast)
            return false;
        if (!singly)
            return true;

        ulong start = isFirst ? Math.Max(operand.Linear, piece.Linear) : piece.Linear;
        ulong end = piece.Linear + (ulong)piece.Size - 1;
        if (isLast)
            end = Math.Min(end, last);
        if (end < start)
            return false;
        piece = new OperandPiece(start, (int)(end - start + 1));
        return true;
    }
}
