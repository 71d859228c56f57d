using System;
using System.Buffers.Binary;
using System.Numerics;
using Engine.Instructions.Emulation;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>Gathers and scatters, element by element; stores and loads under a mask; tiles.</content>
internal unsafe ref partial struct OperandLister
{
    private const int VectorBytes = 64;

    /// <summary>VPGATHERDD, VSCATTERQPD and their like. The prefetching ones access nothing. An element that its mask leaves out is not
    /// listed.</summary>
    private void ListVector()
    {
        InstructionInfo info = _factory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        OperandAccess access = OperandAccess.None;
        foreach (UsedMemory used in info.GetUsedMemory())
            access = OperandShape.ToAccess(used.Access);
        if (access == OperandAccess.None)
            return;

        // A gather names its memory operand second, a scatter first.
        int size = _instruction.MemorySize.GetSize();
        Register data = access == OperandAccess.Read ? _instruction.Op0Register : _instruction.Op1Register;
        Register index = _instruction.MemoryIndex;
        int indexSize = _instruction.IsVsib64 ? sizeof(ulong) : sizeof(uint);
        int count = Math.Min(data.GetSize() / size, index.GetSize() / indexSize);
        Span<byte> indexes = stackalloc byte[VectorBytes];
        if (count == 0 || _instruction.Encoding is not (EncodingKind.VEX or EncodingKind.EVEX) ||
            !_at.TryOffset(in _instruction, out ulong offset, out int addressSize) || !VectorRegisters.TryRead(Xsave, index, indexes))
        {
            AddUnknown(_instruction.MemorySegment, size, access | OperandAccess.Conditional, OperandKind.Element);
            return;
        }

        if (!TryElementMask(size, count, out ulong elements))
            access |= OperandAccess.Conditional;
        for (int i = 0; i < count; i++)
        {
            if ((elements & (1UL << i)) == 0)
                continue;
            long number = indexSize == sizeof(uint)
                ? BinaryPrimitives.ReadInt32LittleEndian(indexes[(i * indexSize)..])
                : BinaryPrimitives.ReadInt64LittleEndian(indexes[(i * indexSize)..]);
            ulong at = (offset + ((ulong)number * (ulong)_instruction.MemoryIndexScale)) & FlagMath.Mask(addressSize);
            Add(_instruction.MemorySegment, at, size, access, OperandKind.Element);
        }
    }

    /// <summary>The elements that a mask lets through, one bit each: the signs of a vector's elements for VEX. False: it is not known,
    /// and all may be; so it is with the mask registers of EVEX.</summary>
    private readonly bool TryElementMask(int size, int count, out ulong elements)
    {
        ulong all = ulong.MaxValue >> (64 - count);
        elements = all;
        return _instruction.Encoding == EncodingKind.VEX
            ? TrySigns(_instruction.Op2Register, size, count, ref elements)
            : _instruction.OpMask == Register.None;
    }

    /// <summary>The highest bits of a vector's elements.</summary>
    private readonly bool TrySigns(Register register, int size, int count, ref ulong elements)
    {
        Span<byte> vector = stackalloc byte[VectorBytes];
        if (!VectorRegisters.TryRead(Xsave, register, vector))
            return false;
        elements = 0;
        for (int i = 0; i < count; i++)
            elements |= (ulong)(vector[((i + 1) * size) - 1] >> 7) << i;
        return true;
    }

    /// <summary>VMASKMOVPS, MASKMOVDQU and their like: a vector is the mask.</summary>
    private void ListVectorMasked()
    {
        int size = _instruction.MemorySize.GetSize();
        bool isImplied = _instruction.Op0Kind is OpKind.MemorySegDI or OpKind.MemorySegEDI or OpKind.MemorySegRDI;
        bool isStore = isImplied || _instruction.Op0Kind == OpKind.Memory;
        OperandAccess access = isStore ? OperandAccess.Write : OperandAccess.Read;
        int element = isImplied ? 1 : _instruction.MemorySize.GetElementSize();
        ulong elements = ulong.MaxValue;
        if (!TrySigns(isImplied ? _instruction.Op2Register : _instruction.Op1Register, element, size / element, ref elements))
            access |= OperandAccess.Conditional;
        if (elements == 0)
            return;

        ulong bytes = elements == ulong.MaxValue ? elements : Spread(elements, element);
        if (!isImplied)
            AddNamed(size, access, OperandKind.Ordinary, byteMask: bytes);
        else if (_at.TryGpr(Sized(Register.DI, 2 << (_instruction.Op0Kind - OpKind.MemorySegDI)), out ulong offset))
            Add(_instruction.MemorySegment, offset, size, access, OperandKind.Ordinary, bytes);
        else
            AddUnknown(_instruction.MemorySegment, size, access, OperandKind.Ordinary);
    }

    /// <summary>EVEX with a mask register: all that it may let through.</summary>
    private void ListMasked()
    {
        InstructionInfo info = _factory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            OperandAccess access = OperandShape.ToAccess(used.Access) | OperandAccess.Conditional;
            AddNamed(used.MemorySize.GetSize(), access, OperandKind.Ordinary);
        }
    }

    /// <summary>A bit an element as a bit a byte.</summary>
    private static ulong Spread(ulong elements, int size)
    {
        ulong bytes = 0;
        for (; elements != 0; elements &= elements - 1)
            bytes |= (ulong.MaxValue >> (64 - size)) << (BitOperations.TrailingZeroCount(elements) * size);
        return bytes;
    }

    /// <summary>TILELOADD and TILESTORED: rows, whose number and length are in a register of their own that is not read.</summary>
    private void ListTile()
    {
        OperandAccess access = _instruction.Op0Kind == OpKind.Memory ? OperandAccess.Write : OperandAccess.Read;
        AddUnknown(_instruction.MemorySegment, 0, access, OperandKind.Element);
    }
}
