using System;
using Engine.Instructions.Emulation;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// Lists every access of an instruction to memory. What needs more than the decoder's tables say has a part of its own here (the
/// stack, strings, vectors, save areas, system instructions); the rest comes from these tables. An operand whose address cannot be
/// computed is listed as unknown, and never left out.
/// </summary>
/// <remarks>
/// <para>Not listed: what the processor reads and writes on an instruction's behalf in page tables, descriptor tables and task
/// state; an IDT entry is. LEA, NOP, PREFETCH and their like access nothing.</para>
/// <para>A value on the stack of whoever asks; nothing is allocated. Thread safety: as the record's.</para>
/// </remarks>
internal unsafe ref partial struct OperandLister
{
    private readonly ref readonly Instruction _instruction;
    private readonly OperandAddressing _at;
    private readonly VcpuState* _vcpu;
    private readonly ExtendedState _state;
    private readonly InstructionInfoFactory _factory;
    private readonly Span<MemoryOperand> _list;
    private int _count;

    /// <summary>Prepares a list.</summary>
    /// <param name="instruction">The instruction, which is that of the record.</param>
    /// <param name="registers">What reads registers of the record.</param>
    /// <param name="vcpu">The record; what is not in PushedMask is not known.</param>
    /// <param name="state">Vector and mask registers, XCR0; begun for this exit.</param>
    /// <param name="factory">The decoder's tables.</param>
    /// <param name="list">Room for the operands; Limits.MaxMemoryOperands are always enough.</param>
    public OperandLister(
        in Instruction instruction, RegisterValues registers, VcpuState* vcpu, ExtendedState state, InstructionInfoFactory factory,
        Span<MemoryOperand> list)
    {
        _instruction = ref instruction;
        _at = new OperandAddressing(registers, vcpu);
        _vcpu = vcpu;
        _state = state;
        _factory = factory;
        _list = list;
    }

    /// <summary>Whether an instruction that repeats is listed as one iteration, whatever its counter is.</summary>
    public bool OneIteration { get; init; }

    /// <summary>Whether there was no room for all.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether an instruction has a part of its own here; what has not is wholly in the decoder's tables.</summary>
    public static bool IsSpecial(in Instruction instruction) =>
        instruction.OpMask != Register.None || instruction.IsStringInstruction || instruction.IsVsib ||
        PartOf(in instruction) != OperandPart.Tables;

    /// <summary>Lists the operands; returns how many.</summary>
    public int List()
    {
        _count = 0;
        IsCut = false;
        OperandPart part = PartOf(in _instruction);
        if (_instruction.IsStringInstruction)
            ListString();
        else if (_instruction.IsVsib)
            ListVector();
        else if (part == OperandPart.Tables && _instruction.OpMask != Register.None)
            ListMasked();
        else
            ListPart(part);
        return _count;
    }

    private void ListPart(OperandPart part)
    {
        switch (part)
        {
            case OperandPart.Stack:
                ListStack();
                break;
            case OperandPart.Transfer:
                ListTransfer();
                break;
            case OperandPart.Bits:
                ListBits();
                break;
            case OperandPart.SaveArea:
                ListSaveArea();
                break;
            case OperandPart.Mask:
                ListVectorMasked();
                break;
            case OperandPart.Tile:
                ListTile();
                break;
            case OperandPart.System:
                ListSystem();
                break;
            default:
                ListTables();
                break;
        }
    }

    /// <summary>What the decoder's tables say.</summary>
    private void ListTables()
    {
        OperandKind kind = OperandShape.KindOf(_instruction.Mnemonic);
        InstructionInfo info = _factory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            OperandAccess access = OperandShape.ToAccess(used.Access);
            if (access == OperandAccess.None)
                continue;
            int size = used.MemorySize.GetSize();
            if (TryOffset(in used, out ulong offset))
                Add(used.Segment, offset, size, access, kind);
            else
                AddUnknown(used.Segment, size, access, kind);
        }
    }

    private bool TryOffset(in UsedMemory used, out ulong offset)
    {
        offset = used.Displacement;
        if (used.Base != Register.None)
        {
            if (!_at.TryGpr(used.Base, out ulong value))
                return false;
            offset += value;
        }

        if (used.Index != Register.None)
        {
            if (!_at.TryGpr(used.Index, out ulong value))
                return false;
            offset += value * (ulong)used.Scale;
        }

        int size = used.AddressSize switch { CodeSize.Code16 => 2, CodeSize.Code32 => 4, _ => 8 };
        offset &= FlagMath.Mask(size);
        return true;
    }

    /// <summary>Adds the operand with a ModRM byte or an address in the instruction.</summary>
    private void AddNamed(int size, OperandAccess access, OperandKind kind, ulong displacement = 0, ulong byteMask = ulong.MaxValue)
    {
        if (_at.TryOffset(in _instruction, out ulong offset, out int addressSize))
        {
            Add(_instruction.MemorySegment, (offset + displacement) & FlagMath.Mask(addressSize), size, access, kind, byteMask);
        }
        else
        {
            AddUnknown(_instruction.MemorySegment, size, access, kind);
        }
    }

    private void Add(
        Register segment, ulong offset, int size, OperandAccess access, OperandKind kind, ulong byteMask = ulong.MaxValue,
        int part = 0)
    {
        bool isStore = (access & OperandAccess.Write) != OperandAccess.None;
        OperandState state = _at.Locate(segment, offset, Math.Max(size, 1), isStore, out ulong linear);
        if (state == OperandState.Known && size == 0)
            state = OperandState.UnknownSize;
        Put(new MemoryOperand
        {
            Linear = linear, Start = linear, Length = (ulong)size, Count = 1, ByteMask = byteMask, Size = size, Part = part,
            Segment = segment, Access = access, Kind = kind, State = state, Wraps = !_at.Is64Bit,
        });
    }

    private void AddUnknown(Register segment, int size, OperandAccess access, OperandKind kind) => Put(new MemoryOperand
    {
        Count = 1, ByteMask = ulong.MaxValue, Size = size, Segment = segment, Access = access, Kind = kind,
        State = OperandState.Unknown, Wraps = !_at.Is64Bit,
    });

    private void AddPhysical(ulong address, int size, OperandAccess access) => Put(new MemoryOperand
    {
        Linear = address, Start = address, Length = (ulong)size, Count = 1, ByteMask = ulong.MaxValue, Size = size,
        Segment = Register.None, Access = access, Kind = OperandKind.Physical, State = OperandState.Known,
    });

    private void Put(in MemoryOperand operand)
    {
        if (_count == _list.Length)
            IsCut = true;
        else
            _list[_count++] = operand;
    }
}
