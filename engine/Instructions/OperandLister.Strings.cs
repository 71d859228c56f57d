using System;
using Engine.Instructions.Emulation;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS, with and without a repetition.</content>
internal unsafe ref partial struct OperandLister
{
    private void ListString()
    {
        for (int i = 0; i < _instruction.OpCount; i++)
        {
            OpKind kind = _instruction.GetOpKind(i);
            switch (kind)
            {
                case OpKind.MemorySegSI or OpKind.MemorySegESI or OpKind.MemorySegRSI:
                    AddString(_instruction.MemorySegment, Register.SI, 2 << (kind - OpKind.MemorySegSI), OperandAccess.Read);
                    break;
                case OpKind.MemoryESDI or OpKind.MemoryESEDI or OpKind.MemoryESRDI:
                    bool reads = _instruction.Mnemonic is Mnemonic.Scasb or Mnemonic.Scasw or Mnemonic.Scasd or Mnemonic.Scasq or
                        Mnemonic.Cmpsb or Mnemonic.Cmpsw or Mnemonic.Cmpsd or Mnemonic.Cmpsq;
                    AddString(
                        Register.ES, Register.DI, 2 << (kind - OpKind.MemoryESDI), reads ? OperandAccess.Read : OperandAccess.Write);
                    break;
                default:
                    break;
            }
        }
    }

    private void AddString(Register segment, Register pointer, int addressSize, OperandAccess access)
    {
        int size = _instruction.MemorySize.GetSize();
        ulong count = 1;
        if (!OneIteration && (_instruction.HasRepPrefix || _instruction.HasRepnePrefix))
        {
            if (!_at.TryGpr(OperandAddressing.Sized(Register.CX, addressSize), out count))
            {
                count = ulong.MaxValue;
                access |= OperandAccess.Conditional;
            }

            if (count == 0)
                return;
        }

        if (!_at.TryGpr(OperandAddressing.Sized(pointer, addressSize), out ulong offset))
        {
            AddUnknown(segment, size, access, OperandKind.String);
            return;
        }

        bool isStore = (access & OperandAccess.Write) != OperandAccess.None;
        MemoryOperand operand = new()
        {
            Count = count, ByteMask = ulong.MaxValue, Size = size, Segment = segment, Access = access, Kind = OperandKind.String,
            Wraps = !_at.Is64Bit,
        };
        operand.State = _at.Locate(segment, offset, size, isStore, out operand.Linear);
        SetRange(ref operand, offset, FlagMath.Mask(addressSize));
        Put(in operand);
    }

    /// <summary>Spans all iterations; where offsets wrap on the way, all offsets there are. Without the direction, both.</summary>
    private readonly void SetRange(ref MemoryOperand operand, ulong offset, ulong mask)
    {
        ulong size = (ulong)operand.Size;
        operand.Start = operand.Linear;
        operand.Length = size;
        if (operand.Count == 1)
            return;

        bool known = _at.TryFlags(out ulong flags);
        operand.Descends = known && (flags & RFlags.Df) != 0;
        UInt128 length = (UInt128)operand.Count * size;
        UInt128 below = known && !operand.Descends ? 0 : length - size;
        UInt128 above = operand.Descends ? size : length;
        if (mask == ulong.MaxValue)
        {
            // Before offsets of 64 bits wrap, addresses cease to be canonical.
            below = UInt128.Min(below, offset);
            above = UInt128.Min(above, (UInt128)mask - offset);
        }

        if (below > offset || offset + above - 1 > mask)
        {
            operand.Start = operand.Linear - offset;
            operand.Length = mask + 1;
        }
        else
        {
            operand.Start = operand.Linear - (ulong)below;
            operand.Length = (ulong)(below + above);
        }

        if (operand.Wraps)
            operand.Start = (uint)operand.Start;
    }
}
