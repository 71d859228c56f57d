using Iced.Intel;

namespace Engine.Instructions;

/// <content>Single instructions that the decoder's tables do not have, or not so, and BT with a register.</content>
internal unsafe ref partial struct OperandLister
{
    private const ulong LineMask = 63;
    private const int LineSize = 64;
    private const int ControlBlockSize = 4096;
    private const int LoaderSize = 0x10000;

    /// <summary>A bit number in a register counts from the operand's first bit, signed, and reaches outside of it (SDM 1, 3.1.1.9).
    /// </summary>
    private void ListBits()
    {
        int size = _instruction.MemorySize.GetSize();
        OperandAccess access = _instruction.Mnemonic == Mnemonic.Bt ? OperandAccess.Read : OperandAccess.ReadWrite;
        if (_at.TryGpr(_instruction.Op1Register, out ulong number))
            AddNamed(size, access, OperandKind.Ordinary, OperandAddressing.BitDisplacement(number, size));
        else
            AddUnknown(_instruction.MemorySegment, size, access, OperandKind.Ordinary);
    }

    private void ListSystem()
    {
        switch (_instruction.Mnemonic)
        {
            case Mnemonic.Movdir64b or Mnemonic.Enqcmd or Mnemonic.Enqcmds:
                AddNamed(LineSize, OperandAccess.Read, OperandKind.Ordinary);
                AddAt(Register.ES, _instruction.Op0Register, LineSize, OperandAccess.Write, OperandKind.Ordinary);
                break;
            case Mnemonic.Clflush or Mnemonic.Clflushopt or Mnemonic.Clwb:
                if (_at.TryOffset(in _instruction, out ulong offset, out _))
                    AddLine(_instruction.MemorySegment, offset, OperandAccess.Read);
                else
                    AddUnknown(_instruction.MemorySegment, LineSize, OperandAccess.Read, OperandKind.CacheLine);
                break;
            case Mnemonic.Clzero:
                if (_at.TryGpr(ImpliedAddress, out ulong line))
                    AddLine(ImpliedSegment, line, OperandAccess.Write);
                else
                    AddUnknown(ImpliedSegment, LineSize, OperandAccess.Write, OperandKind.CacheLine);
                break;
            case Mnemonic.Monitor or Mnemonic.Monitorx:
                AddAt(ImpliedSegment, ImpliedAddress, 1, OperandAccess.Read, OperandKind.Ordinary);
                break;
            case Mnemonic.Vmrun:
                AddControlBlock(OperandAccess.ReadWrite);
                break;
            case Mnemonic.Vmload:
                AddControlBlock(OperandAccess.Read);
                break;
            case Mnemonic.Vmsave:
                AddControlBlock(OperandAccess.Write);
                break;
            case Mnemonic.Skinit:
                if (_at.TryGpr(Register.EAX, out ulong loader))
                    AddPhysical(loader & ~(ulong)(LoaderSize - 1), LoaderSize, OperandAccess.Read);
                else
                    AddUnknown(Register.None, LoaderSize, OperandAccess.Read, OperandKind.Physical);
                break;
            default:
                ListUnknown();
                break;
        }
    }

    /// <summary>What depends on state that is not in the record: bound tables, enclaves, state of system management, the shadow stack's
    /// pointer.</summary>
    private void ListUnknown()
    {
        switch (_instruction.Mnemonic)
        {
            case Mnemonic.Bndldx:
                AddUnknown(Register.None, _at.Is64Bit ? 32 : 16, OperandAccess.Read, OperandKind.Ordinary);
                break;
            case Mnemonic.Bndstx:
                AddUnknown(Register.None, _at.Is64Bit ? 32 : 16, OperandAccess.Write, OperandKind.Ordinary);
                break;
            case Mnemonic.Incsspd or Mnemonic.Incsspq:
                AddUnknown(Register.None, 0, OperandAccess.Read, OperandKind.ShadowStack);
                break;
            case Mnemonic.Saveprevssp or Mnemonic.Setssbsy:
                AddUnknown(Register.None, sizeof(ulong), OperandAccess.ReadWrite, OperandKind.ShadowStack);
                break;
            case Mnemonic.Rsm or Mnemonic.Loadall:
                AddUnknown(Register.None, 0, OperandAccess.Read, OperandKind.Physical);
                break;
            default:
                if (_instruction.OpCount != 0 && _instruction.Mnemonic is Mnemonic.Lwpins or Mnemonic.Lwpval)
                    ListTables();
                AddUnknown(Register.None, 0, OperandAccess.ReadWrite | OperandAccess.Conditional, OperandKind.Ordinary);
                break;
        }
    }

    private void AddControlBlock(OperandAccess access)
    {
        if (_at.TryGpr(ImpliedAddress, out ulong address))
            AddPhysical(address, ControlBlockSize, access);
        else
            AddUnknown(Register.None, ControlBlockSize, access, OperandKind.Physical);
    }

    private void AddAt(Register segment, Register register, int size, OperandAccess access, OperandKind kind)
    {
        if (_at.TryGpr(register, out ulong offset))
            Add(segment, offset, size, access, kind);
        else
            AddUnknown(segment, size, access, kind);
    }

    /// <summary>Adds the line of the cache that an offset lies in: the linear address is what is aligned.</summary>
    private void AddLine(Register segment, ulong offset, OperandAccess access)
    {
        bool isStore = (access & OperandAccess.Write) != OperandAccess.None;
        OperandState state = _at.Locate(segment, offset, 1, isStore, out ulong linear);
        linear &= ~LineMask;
        Put(new MemoryOperand
        {
            Linear = linear, Start = linear, Length = LineSize, Count = 1, ByteMask = ulong.MaxValue, Size = LineSize,
            Segment = segment, Access = access, Kind = OperandKind.CacheLine, State = state, Wraps = !_at.Is64Bit,
        });
    }

    private readonly Register ImpliedSegment =>
        _instruction.SegmentPrefix == Register.None ? Register.DS : _instruction.SegmentPrefix;

    /// <summary>RAX, EAX or AX, as the size of addresses is.</summary>
    private readonly Register ImpliedAddress => _instruction.Code switch
    {
        Code.Clzerow or Code.Monitorw or Code.Monitorxw or Code.Vmrunw or Code.Vmloadw or Code.Vmsavew => Register.AX,
        Code.Clzerod or Code.Monitord or Code.Monitorxd or Code.Vmrund or Code.Vmloadd or Code.Vmsaved => Register.EAX,
        _ => Register.RAX,
    };
}
