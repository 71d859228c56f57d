using System;
using System.Buffers.Binary;
using System.Numerics;
using Engine.Instructions.Emulation;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>Gathers and scatters, element by element; stores and loads under a mask; tiles.</content>
internal unsafe ref partial struct OperandLister
{
    private const int TileComponent = 17;
    private const int TileRows = 16;

    /// <summary>VPGATHERDD, VSCATTERQPD and their like. The prefetching ones access nothing. An element that its mask leaves out is not
    /// listed.</summary>
    private void ListVector()
    {
        InstructionInfo info = _factory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        OperandAccess access = OperandAccess.None;
        foreach (UsedMemory used in info.GetUsedMemory())
            access = OperandShape.ToAccess(used.Access) & OperandAccess.ReadWrite;
        if (access == OperandAccess.None)
            return;

        // A gather names its memory operand second, a scatter first.
        int size = _instruction.MemorySize.GetSize();
        Register data = access == OperandAccess.Read ? _instruction.Op0Register : _instruction.Op1Register;
        Register index = _instruction.MemoryIndex;
        int indexSize = _instruction.IsVsib64 ? sizeof(ulong) : sizeof(uint);
        int count = Math.Min(data.GetSize() / size, index.GetSize() / indexSize);
        Span<byte> indexes = stackalloc byte[ExtendedState.VectorBytes];
        if (count == 0 || _instruction.Encoding is not (EncodingKind.VEX or EncodingKind.EVEX) ||
            !_at.TryOffset(in _instruction, out ulong offset, out int addressSize) || !_state.TryReadVector(index, indexes))
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

    /// <summary>The elements that a mask lets through, one bit each: the signs of a vector's elements for VEX, a mask register for
    /// EVEX. False: it is not known, and all may be.</summary>
    private readonly bool TryElementMask(int size, int count, out ulong elements)
    {
        ulong all = ulong.MaxValue >> (64 - count);
        elements = all;
        if (_instruction.Encoding != EncodingKind.VEX)
        {
            if (_instruction.OpMask == Register.None)
                return true;
            bool known = _state.TryReadMask(_instruction.OpMask, out ulong mask);
            if (known)
                elements = mask & all;
            return known;
        }

        return TrySigns(_instruction.Op2Register, size, count, ref elements);
    }

    /// <summary>The highest bits of a vector's elements.</summary>
    private readonly bool TrySigns(Register register, int size, int count, ref ulong elements)
    {
        Span<byte> vector = stackalloc byte[ExtendedState.VectorBytes];
        if (!_state.TryReadVector(register, vector))
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
        else if (_at.TryGpr(OperandAddressing.Sized(Register.DI, 2 << (_instruction.Op0Kind - OpKind.MemorySegDI)), out ulong offset))
            Add(_instruction.MemorySegment, offset, size, access, OperandKind.Ordinary, bytes);
        else
            AddUnknown(_instruction.MemorySegment, size, access, OperandKind.Ordinary);
    }

    /// <summary>EVEX with a mask register. A store is narrowed to the bytes that the mask lets through; what is read under a mask may
    /// be less than is listed.</summary>
    private void ListMasked()
    {
        InstructionInfo info = _factory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            OperandAccess access = OperandShape.ToAccess(used.Access) & OperandAccess.ReadWrite;
            int size = used.MemorySize.GetSize();
            int element = Math.Max(used.MemorySize.GetElementSize(), 1);
            if (access != OperandAccess.Write || !TryElementMask(element, size / element, out ulong elements))
                AddNamed(size, access | OperandAccess.Conditional, OperandKind.Ordinary);
            else if (elements != 0 && IsCompress(_instruction.Mnemonic))
                AddNamed(BitOperations.PopCount(elements) * element, access, OperandKind.Ordinary);
            else if (elements != 0)
                AddNamed(size, access, OperandKind.Ordinary, byteMask: Spread(elements, element));
        }
    }

    private static bool IsCompress(Mnemonic mnemonic) => mnemonic is
        Mnemonic.Vcompressps or Mnemonic.Vcompresspd or Mnemonic.Vpcompressb or Mnemonic.Vpcompressw or Mnemonic.Vpcompressd or
        Mnemonic.Vpcompressq;

    /// <summary>A bit an element as a bit a byte.</summary>
    private static ulong Spread(ulong elements, int size)
    {
        ulong bytes = 0;
        for (; elements != 0; elements &= elements - 1)
            bytes |= (ulong.MaxValue >> (64 - size)) << (BitOperations.TrailingZeroCount(elements) * size);
        return bytes;
    }

    /// <summary>TILELOADD and TILESTORED: rows, whose number and length the tile's configuration says (SDM 2B).</summary>
    private void ListTile()
    {
        OperandAccess access = _instruction.Op0Kind == OpKind.Memory ? OperandAccess.Write : OperandAccess.Read;
        Register tile = access == OperandAccess.Write ? _instruction.Op1Register : _instruction.Op0Register;
        ulong stride = 0;
        if (!_state.TryLoad() || !_state.TryComponent(TileComponent, out ReadOnlySpan<byte> config) || config.Length < 64 ||
            !_at.TryOffset(in _instruction, out ulong first, out int addressSize) ||
            (_instruction.MemoryIndex != Register.None && !_at.TryGpr(_instruction.MemoryIndex, out stride)))
        {
            AddUnknown(_instruction.MemorySegment, 0, access, OperandKind.Element);
            return;
        }

        int number = tile - Register.TMM0;
        int bytes = BinaryPrimitives.ReadUInt16LittleEndian(config[(16 + (2 * number))..]);
        int rows = Math.Min((int)config[48 + number], TileRows);
        stride *= (ulong)_instruction.MemoryIndexScale;
        for (int row = config[1]; row < rows; row++)
        {
            // The offset has the stride in it once.
            ulong at = (first + ((ulong)(row - 1) * stride)) & FlagMath.Mask(addressSize);
            Add(_instruction.MemorySegment, at, bytes, access, OperandKind.Element);
        }
    }
}
