using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Events;

/// <content>By which instruction an access is made, and what all of its store is.</content>
internal sealed unsafe partial class EptViolation
{
    /// <summary>The bytes of a store have not been computed yet.</summary>
    private const int NotComputed = -1;

    /// <summary>RFLAGS.DF.</summary>
    private const ulong DirectionFlag = 1 << 10;

    /// <summary>
    /// Decodes the instruction and finds the operand that this access belongs to: linear address, size, and the bytes of the
    /// store where they follow from registers. With the bytes in the exit this serves attribution only; without them, it bounds
    /// what the access may touch. What cannot be found stays unknown, and the access then counts as touching all of its frame.
    /// Returns whether it is known to touch nothing that precedes its address.
    /// </summary>
    private bool Attribute(ref FrameAccess access, bool hasData, scoped in WholeInstruction whole, Span<byte> computed)
    {
        VcpuState* vcpu = access.Vcpu;
        InstructionUnit unit = access.Unit!;
        bool known = false;
        if ((vcpu->ExitFlags & VcpuExitFlags.RipRetired) == VcpuExitFlags.None &&
            (vcpu->Instruction.Length != 0 || unit.Decode(_memory, vcpu).IsSuccess()))
        {
            // Where each access exits by itself, what the instruction is by now must not narrow what it was then.
            if (whole.IsKnown && access.Access == (EptAccess.Read | EptAccess.Write) && !ReadsMemory(in whole))
                access.Access = EptAccess.Write;
            known = whole.IsKnown && (access.Access & EptAccess.Write) == EptAccess.None
                ? AttributeRead(ref access, in whole)
                : TryAttributeStore(ref access, hasData, in whole, computed);
        }

        vcpu->Gla = access.Gla;
        vcpu->AccessSize = (uint)access.Size;
        return known;
    }

    private bool TryAttributeStore(ref FrameAccess access, bool hasData, scoped in WholeInstruction whole, Span<byte> computed)
    {
        if ((access.Access & EptAccess.Write) == EptAccess.None ||
            !TryFindStore(in access, in whole, computed, out StoreOperand store, out int computedSize))
        {
            return false;
        }

        // The operand's page is mapped at this frame, so that the offsets in it agree.
        ulong gla = store.Linear + (((access.Gpa & (PageSize - 1)) - (store.Linear & (PageSize - 1))) & (PageSize - 1));
        if (access.Gla == 0)
            access.Gla = gla;
        if (access.Gla != gla || gla - store.Linear >= (ulong)Math.Max(store.Size, 1))
            return false;

        AttributeStore(ref access, hasData, store, computed, computedSize);
        return store.Size != 0 || access.Unit!.Repeats;
    }

    /// <summary>Finds the operand that the access belongs to: from the instruction's operands, or by emulating it, where bits are
    /// numbered beyond their operand, say. A MOV is emulated at once, since it costs nothing more and gives the bytes as well.
    /// </summary>
    [SkipLocalsInit]
    private bool TryFindStore(
        in FrameAccess access, scoped in WholeInstruction whole, Span<byte> computed, out StoreOperand operand, out int computedSize)
    {
        InstructionUnit unit = access.Unit!;
        bool isMove = unit.Current.Mnemonic == Mnemonic.Mov;
        computedSize = NotComputed;
        if (_rep.IsOff && unit.Repeats)
            return TryFindIteration(in access, in whole, out operand);
        if (!isMove && unit.TryFindStore(_memory, access.Vcpu, access.Gpa, access.Gla, out operand))
            return true;

        if (unit.TryEmulate(_memory, access.Vcpu, hypervisor: null, out InstructionEffect store) && store.Size != 0 &&
            store.RunCount == 0 && InstructionUnit.IsAt(_memory, access.Vcpu, store.Linear, store.Size, access.Gpa, access.Gla))
        {
            operand = new StoreOperand(store.Linear, store.Size);
            computedSize = store.IsWhole ? store.Size : 0;
            InstructionEffect.BytesOf(ref store)[..computedSize].CopyTo(computed);
            return true;
        }

        operand = default;
        return isMove && unit.TryFindStore(_memory, access.Vcpu, access.Gpa, access.Gla, out operand);
    }

    /// <summary>Computes the bytes of a store; returns how many, or 0 where they cannot be computed. With the bytes in the exit,
    /// vector registers are not asked for.</summary>
    private int ComputeStore(in FrameAccess access, bool hasData, StoreOperand operand, Span<byte> computed)
    {
        int size = access.Unit!.WrittenValue(_memory, access.Vcpu, hasData ? null : _hypervisor, computed, out ulong linear);
        return linear == operand.Linear && (operand.Size == 0 || size == operand.Size) ? size : 0;
    }

    private void AttributeStore(
        ref FrameAccess access, bool hasData, StoreOperand store, Span<byte> computed, int computedSize)
    {
        VcpuState* vcpu = access.Vcpu;
        int offset = (int)(access.Gla - store.Linear);
        bool repeats = !IsSingly(access.Unit!);
        if (!repeats)
            access.Store = store;

        if (hasData)
        {
            // Registers may only complete what the exit shows; where the two differ, the exit counts.
            int whole = repeats ? 0
                : computedSize != NotComputed ? computedSize
                : ComputeStore(in access, hasData, store, computed);
            if (offset + access.Size <= whole && computed.Slice(offset, access.Size).SequenceEqual(access.Data))
                access.StoreData = MemoryMarshal.CreateReadOnlySpan(ref computed[0], whole);
            return;
        }

        if (repeats)
        {
            // As many iterations as fit into the frame may follow in one go, in either direction.
            access.Size = (int)PageSize - (int)(access.Gpa & (PageSize - 1));
            if ((vcpu->Regs.Flags & DirectionFlag) != 0 || (vcpu->PushedMask & VcpuRegisters.Flags) == VcpuRegisters.None)
            {
                access.Size = (int)PageSize;
                access.Gpa &= ~(PageSize - 1);
                access.Gla &= ~(PageSize - 1);
            }

            return;
        }

        if (store.Size == 0)
            return;

        // Nobody looks at the bytes of a store that touches nothing.
        access.Size = Math.Min(access.Size, store.Size - offset);
        int size = computedSize != NotComputed ? computedSize
            : Touches(access.Gpa, access.Size, access.Access) != Touch.Nothing ? ComputeStore(in access, hasData, store, computed)
            : 0;
        if (size != 0)
        {
            access.StoreData = MemoryMarshal.CreateReadOnlySpan(ref computed[0], size);
            access.Data = access.StoreData.Slice(offset, access.Size);
        }
    }
}
