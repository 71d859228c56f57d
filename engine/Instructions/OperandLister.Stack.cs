using Engine.Instructions.Emulation;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>PUSH, POP, ENTER, LEAVE and their like. Everything that is pushed, or popped, is one operand, since it is adjacent.
/// </content>
internal unsafe ref partial struct OperandLister
{
    private void ListStack()
    {
        switch (_instruction.Mnemonic)
        {
            case Mnemonic.Enter:
                ListEnter();
                return;
            case Mnemonic.Leave:
                ListLeave();
                return;
            default:
                break;
        }

        int change = _instruction.StackPointerIncrement;
        bool named = _instruction.Op0Kind == OpKind.Memory && _instruction.OpCount != 0;
        if (change < 0)
        {
            if (named)
                AddNamed(-change, OperandAccess.Read, OperandKind.Ordinary);
            bool all = _instruction.Mnemonic is Mnemonic.Pusha or Mnemonic.Pushad;
            AddPushes(all ? 8 : 1, all ? -change / 8 : -change, OperandAccess.Write);
            return;
        }

        // POPA skips the stack pointer, the fourth from below.
        int element = change / 8;
        ulong skipped = _instruction.Mnemonic is Mnemonic.Popa or Mnemonic.Popad ? ((1UL << element) - 1) << (3 * element) : 0;
        AddPopped(0, change, OperandAccess.Read, ~skipped);
        if (named)
        {
            // An address that is relative to the stack pointer uses its value after the pop.
            bool relative = _instruction.MemoryBase.GetFullRegister() == Register.RSP;
            AddNamed(change, OperandAccess.Write, OperandKind.Ordinary, relative ? (ulong)change : 0);
        }
    }

    /// <summary>ENTER pushes the frame pointer, then the frame pointers that it finds in the frame, then the new one; all are
    /// adjacent (SDM 2A).</summary>
    private void ListEnter()
    {
        int size = _instruction.Code switch
        {
            Code.Enterw_imm16_imm8 => sizeof(ushort), Code.Enterd_imm16_imm8 => sizeof(uint), _ => sizeof(ulong),
        };
        int levels = _instruction.Immediate8_2nd & 31;
        if (levels > 1)
        {
            int copied = (levels - 1) * size;
            if (TryStackRegister(Register.BP, out ulong frame, out ulong mask))
                Add(Register.SS, (frame - (ulong)copied) & mask, copied, OperandAccess.Read, OperandKind.Stack);
            else
                AddUnknown(Register.SS, copied, OperandAccess.Read, OperandKind.Stack);
        }

        AddPushes(levels + 1, size, OperandAccess.Write);
    }

    private void ListLeave()
    {
        int size = _instruction.Code switch { Code.Leavew => sizeof(ushort), Code.Leaved => sizeof(uint), _ => sizeof(ulong) };
        if (TryStackRegister(Register.BP, out ulong frame, out _))
            Add(Register.SS, frame, size, OperandAccess.Read, OperandKind.Stack);
        else
            AddUnknown(Register.SS, size, OperandAccess.Read, OperandKind.Stack);
    }

    /// <summary>Adds so many pushes of some bytes.</summary>
    private void AddPushes(int pushes, int width, OperandAccess access)
    {
        int size = pushes * width;
        if (!TryStackRegister(Register.SP, out ulong top, out ulong mask))
            AddUnknown(Register.SS, size, access, OperandKind.Stack);
        else if (pushes == 1)
            Add(Register.SS, (top - (ulong)size) & mask, size, access, OperandKind.Stack);
        else
            Add(Register.SS, (top - (ulong)size) & mask, size, access, OperandKind.Stack, part: width);
    }

    private void AddPopped(int distance, int size, OperandAccess access, ulong byteMask = ulong.MaxValue)
    {
        if (TryStackRegister(Register.SP, out ulong top, out ulong mask))
            Add(Register.SS, (top + (ulong)distance) & mask, size, access, OperandKind.Stack, byteMask);
        else
            AddUnknown(Register.SS, size, access, OperandKind.Stack);
    }

    /// <summary>Reads SP or BP in the width that the stack has: 8 bytes in 64-bit code, else as SS says.</summary>
    private readonly bool TryStackRegister(Register register, out ulong value, out ulong mask)
    {
        value = 0;
        mask = 0;
        if (!_at.TryStackPointer(out Register pointer, out _))
            return false;
        mask = FlagMath.Mask(pointer.GetSize());
        return _at.TryGpr(pointer - Register.SP + register, out value);
    }
}
