using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>CALL, RET, INT, IRET. Where a descriptor decides on which stack a frame lies, the frame is listed twice: on the present
/// stack, and as unknown.</content>
internal unsafe ref partial struct OperandLister
{
    private const ulong Cr4Cet = 1 << 23;
    private const ulong EferLma = 1 << 10;
    private const uint UserLevel = 3;

    private readonly bool IsLongMode => _at.Is64Bit || (_vcpu->Ia32Efer & EferLma) != 0;

    private readonly bool HasShadowStack => (_vcpu->Regs.Cr4 & Cr4Cet) != 0;

    private void ListTransfer()
    {
        switch (_instruction.Mnemonic)
        {
            case Mnemonic.Call:
                ListCall();
                break;
            case Mnemonic.Ret:
                AddPopped(0, _instruction.StackPointerIncrement - (HasRetImmediate ? _instruction.Immediate16 : 0), OperandAccess.Read);
                AddShadow(OperandAccess.Read);
                break;
            case Mnemonic.Retf:
                ListFarReturn();
                break;
            case Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq:
                ListInterruptReturn();
                break;
            default:
                ListInterrupt();
                break;
        }
    }

    private readonly bool HasRetImmediate => _instruction.OpCount != 0;

    private void ListCall()
    {
        bool isFar = _instruction.Op0Kind is OpKind.FarBranch16 or OpKind.FarBranch32 ||
            _instruction.Code is Code.Call_m1616 or Code.Call_m1632 or Code.Call_m1664;
        if (_instruction.Op0Kind == OpKind.Memory)
            AddNamed(_instruction.MemorySize.GetSize(), OperandAccess.Read, OperandKind.Ordinary);

        // A call gate may lead to an inner level, on the stack of that.
        int size = -_instruction.StackPointerIncrement;
        bool mayChangeLevel = isFar && _at.IsProtected && _vcpu->Cpl != 0;
        AddPushes(
            isFar ? 2 : 1, isFar ? size / 2 : size,
            mayChangeLevel ? OperandAccess.Write | OperandAccess.Conditional : OperandAccess.Write);
        if (mayChangeLevel)
            AddUnknown(Register.SS, 0, OperandAccess.Write | OperandAccess.Conditional, OperandKind.Stack);
        AddShadow(OperandAccess.Write);
    }

    private void ListFarReturn()
    {
        int immediate = HasRetImmediate ? _instruction.Immediate16 : 0;
        int size = _instruction.StackPointerIncrement - immediate;
        AddPopped(0, size, OperandAccess.Read);
        if (_at.IsProtected && _vcpu->Cpl != UserLevel)
            AddPopped(size + immediate, size, OperandAccess.Read | OperandAccess.Conditional);
        AddShadow(OperandAccess.Read);
    }

    /// <summary>RIP, CS, RFLAGS; then RSP and SS in 64-bit code, or on the return to an outer level; four data segments besides on the
    /// return to virtual-8086 mode (SDM 2A, IRET).</summary>
    private void ListInterruptReturn()
    {
        int size = _instruction.Mnemonic switch { Mnemonic.Iret => sizeof(ushort), Mnemonic.Iretd => sizeof(uint), _ => sizeof(ulong) };
        if (_at.Is64Bit)
        {
            AddPopped(0, 5 * size, OperandAccess.Read);
        }
        else
        {
            AddPopped(0, 3 * size, OperandAccess.Read);
            if (_at.IsProtected && _vcpu->Cpl != UserLevel)
            {
                int more = _vcpu->Cpl == 0 && size == sizeof(uint) && !IsLongMode ? 6 : 2;
                AddPopped(3 * size, more * size, OperandAccess.Read | OperandAccess.Conditional);
            }
        }

        AddShadow(OperandAccess.Read);
    }

    /// <summary>INT and its like: the gate, and the frame, whose place depends on it outside of real mode.</summary>
    private void ListInterrupt()
    {
        OperandAccess conditional = _instruction.Mnemonic == Mnemonic.Into ? OperandAccess.Conditional : OperandAccess.None;
        int vector = _instruction.Mnemonic switch
        {
            Mnemonic.Int1 => 1, Mnemonic.Int3 => 3, Mnemonic.Into => 4, _ => _instruction.Immediate8,
        };
        bool isReal = !_at.IsProtected && (_vcpu->Regs.Cr0 & 1) == 0;
        int gate = isReal ? 4 : IsLongMode ? 16 : 8;
        if ((_vcpu->PushedMask & VcpuRegisters.Tables) != VcpuRegisters.None)
            AddSystem(_vcpu->Regs.IdtBase + (ulong)(vector * gate), gate, OperandAccess.Read | conditional);
        else
            AddUnknown(Register.None, gate, OperandAccess.Read | conditional, OperandKind.Table);

        if (isReal)
        {
            AddPushes(3, sizeof(ushort), OperandAccess.Write | conditional);
            return;
        }

        // A task gate, a stack of the gate's own or another level put the frame elsewhere.
        if (_vcpu->Cpl == 0)
            ListFrameHere();
        AddUnknown(Register.SS, 0, OperandAccess.Write | OperandAccess.Conditional, OperandKind.Stack);
        AddShadow(OperandAccess.Write);
    }

    private void ListFrameHere()
    {
        const OperandAccess access = OperandAccess.Write | OperandAccess.Conditional;
        if (!IsLongMode)
            AddPushes(3, sizeof(uint), access);
        else if (_at.TryGpr(Register.RSP, out ulong top))
            Add(Register.SS, (top & ~15UL) - (5 * sizeof(ulong)), 5 * sizeof(ulong), access, OperandKind.Stack, part: sizeof(ulong));
        else
            AddUnknown(Register.SS, 5 * sizeof(ulong), access, OperandKind.Stack);
    }

    /// <summary>Adds what goes to the shadow stack, whose pointer is not in the record.</summary>
    private void AddShadow(OperandAccess access)
    {
        if (HasShadowStack)
            AddUnknown(Register.None, sizeof(ulong), access | OperandAccess.Conditional, OperandKind.ShadowStack);
    }

    /// <summary>Adds an entry of a descriptor table, which has no segment.</summary>
    private void AddSystem(ulong linear, int size, OperandAccess access)
    {
        bool is64 = IsLongMode;
        linear = is64 ? linear : (uint)linear;
        Put(new MemoryOperand
        {
            Linear = linear, Start = linear, Length = (ulong)size, Count = 1, ByteMask = ulong.MaxValue, Size = size,
            Segment = Register.None, Access = access, Kind = OperandKind.Table,
            State = is64 && !_at.IsCanonical(linear) ? OperandState.Faults : OperandState.Known, Wraps = !is64,
        });
    }
}
