using System;
using Engine.Abi;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <content>What the instruction says of an access whose bytes the exit does not carry, on a hypervisor that completes it.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>Finds the store of the next iteration of an instruction that repeats, and whose iterations exit one by one.</summary>
    private bool TryFindIteration(in FrameAccess access, scoped in WholeInstruction whole, out StoreOperand store)
    {
        foreach (ref readonly MemoryOperand operand in whole.Operands)
        {
            if (operand.Writes && operand.HasAddress && operand.Length != 0 &&
                InstructionUnit.IsAt(_memory, access.Vcpu, operand.Linear, operand.Size, access.Gpa, access.Gla))
            {
                store = new StoreOperand(operand.Linear, operand.Size);
                return true;
            }
        }

        store = default;
        return false;
    }

    /// <summary>Whether the instruction reads any memory. Some hypervisors report a read with every store.</summary>
    private static bool ReadsMemory(scoped in WholeInstruction whole)
    {
        foreach (ref readonly MemoryOperand operand in whole.Operands)
        {
            if (operand.Reads)
                return true;
        }

        return false;
    }

    /// <summary>Narrows a read, or a fetch, to the part of the operand, or of the instruction, that lies in the frame. What is not found
    /// stays as it is.</summary>
    private bool AttributeRead(ref FrameAccess access, scoped in WholeInstruction whole)
    {
        VcpuState* vcpu = access.Vcpu;
        if ((access.Access & EptAccess.Execute) != EptAccess.None)
            return TryNarrowTo(ref access, new OperandPiece(InstructionUnit.LinearOf(vcpu), vcpu->Instruction.Length));

        foreach (ref readonly FurtherPiece piece in whole.Pieces)
        {
            if ((piece.Done & EptAccess.Read) != EptAccess.None && TryNarrowTo(ref access, new OperandPiece(piece.Linear, piece.Size)))
                return true;
        }

        return false;
    }

    /// <summary>Narrows an access to a piece, if it is what has caused the exit: it has the same address, or, where that is not known, the
    /// same frame.</summary>
    private bool TryNarrowTo(ref FrameAccess access, OperandPiece piece)
    {
        ulong inPage = Math.Min((ulong)piece.Size, PageSize - (piece.Linear & (PageSize - 1)));
        if (HasGla(access.Vcpu, access.Gpa, access.Gla))
        {
            // Of an instruction that goes on in the next page, the fetch of either part.
            if (inPage < (ulong)piece.Size && !IsInPage(piece.Linear, access.Gla))
                return TryNarrowTo(ref access, new OperandPiece(piece.Linear + inPage, piece.Size - (int)inPage));
            if (!IsInPage(piece.Linear, access.Gla) || access.Gla - piece.Linear >= inPage)
                return false;
        }
        else
        {
            PagingContext paging = VcpuRegisterFile.Paging(access.Vcpu);
            if (!PageWalk.Translate(_memory, in paging, piece.Linear, out ulong physical).IsSuccess() ||
                access.Gpa - physical >= inPage)
            {
                return false;
            }
        }

        access.Gpa = (access.Gpa & ~(PageSize - 1)) | (piece.Linear & (PageSize - 1));
        access.Gla = piece.Linear;
        access.Size = (int)inPage;
        return true;
    }
}
