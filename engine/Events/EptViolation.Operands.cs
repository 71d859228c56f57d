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
    /// <summary>Asks about every access of the decoded instruction but the one that has caused the exit and was judged. Bytes are not
    /// known. An operand that cannot be found is left to the fail policy; one whose page is absent is waited for.</summary>
    /// <param name="judged">The access that was judged.</param>
    /// <param name="final">What becomes of the instruction: then the hooks are told, and not asked. Null: that is still open.</param>
    /// <param name="wantsOutcome">Set if a handler wants to be told.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntroAction AskFurther(scoped in FrameAccess judged, IntroAction? final, ref bool wantsOutcome)
    {
        VcpuState* vcpu = judged.Vcpu;
        Span<MemoryOperand> operands = stackalloc MemoryOperand[Limits.MaxMemoryOperands];
        int count = judged.Unit!.ListOperands(vcpu, operands);
        IntroAction action = IntroAction.Allowed;
        for (int i = 0; i < count; i++)
        {
            ref readonly MemoryOperand operand = ref operands[i];
            if (operand.State == OperandState.Faults || operand.Kind == OperandKind.ShadowStack)
                continue;
            action = MaxOf(action, operand.HasAddress ? AskOperand(in judged, in operand, final, ref wantsOutcome) : _policy.Others);
        }

        return action;
    }

    private IntroAction AskOperand(
        scoped in FrameAccess judged, scoped in MemoryOperand operand, IntroAction? final, ref bool wantsOutcome)
    {
        VcpuState* vcpu = judged.Vcpu;
        bool hasGla = judged.Gla != 0 && ((judged.Gla ^ judged.Gpa) & (PageSize - 1)) == 0;
        EptAccess done = (operand.Reads ? EptAccess.Read : EptAccess.None) | (operand.Writes ? EptAccess.Write : EptAccess.None);
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        IntroAction action = operand.State == OperandState.UnknownSize ? _policy.Others : IntroAction.Allowed;
        foreach (OperandPiece piece in operand.Pieces)
        {
            // Of a repeated one, what the hypervisor may perform at once: up to the border of the page where it is.
            if (!operand.IsSingle && !IsInPage(piece.Linear, operand.Linear) &&
                !IsInPage(piece.Linear, operand.Linear + (ulong)operand.Size - 1))
            {
                continue;
            }

            bool isExit = hasGla && IsInPage(piece.Linear, judged.Gla);
            bool wasJudged = isExit && piece.Linear < judged.Gla + (ulong)judged.Size && judged.Gla < piece.Linear + (ulong)piece.Size;
            EptAccess left = wasJudged ? done & ~judged.Access : done;
            if (left == EptAccess.None)
                continue;

            ulong physical = (judged.Gpa & ~(PageSize - 1)) | (piece.Linear & (PageSize - 1));
            if (!isExit && !PageWalk.Translate(_memory, in paging, piece.Linear, out physical).IsSuccess())
            {
                // The guest's own page fault comes first, unless the vCPU never gets there.
                if (final is null)
                    action = MaxOf(action, VcpuRetries.TryNote(vcpu, piece.Linear) ? IntroAction.Retry : _policy.Others);
                continue;
            }

            if (Touches(physical, piece.Size, left) != Touch.Nothing)
                action = MaxOf(action, AskFurtherPiece(in judged, in operand, piece, physical, left, final, ref wantsOutcome));
        }

        return action;
    }

    private IntroAction AskFurtherPiece(
        scoped in FrameAccess judged, scoped in MemoryOperand operand, OperandPiece piece, ulong physical, EptAccess kinds,
        IntroAction? final, ref bool wantsOutcome)
    {
        scoped FrameAccess access = new() { Vcpu = judged.Vcpu, Unit = judged.Unit, Memory = _memory, Access = kinds };
        if (operand.Writes && operand.IsSingle)
            access.Store = new StoreOperand(operand.Linear, operand.Size);
        FramePiece part = new(physical, piece.Linear, piece.Size, default);
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

    private static bool IsInPage(ulong linear, ulong other) => ((linear ^ other) & ~(PageSize - 1)) == 0;
}
