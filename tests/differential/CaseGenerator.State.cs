using System;
using System.Buffers.Binary;
using Engine.Instructions.Emulation.State;
using Iced.Intel;

namespace Tests.Differential;

/// <content>Extended state.</content>
internal sealed unsafe partial class CaseGenerator
{
    /// <summary>The components that are exchanged with an oracle.</summary>
    public const ulong StateComponents = 0xE7;

    private const int XmmOffset = 160;
    private const int MxcsrOffset = 24;
    private const int HeaderOffset = 512;
    private const int TopShift = 11;

    private Register _indexes;
    private int _indexSize;
    private int _indexRange;

    private void FillState(Span<byte> area, uint mxcsr, StateKind kind)
    {
        area.Clear();
        ulong present = StateComponents & (_facts.Xcr0 | 3);
        ulong inUse = _facts.Xcr0 == 0 || _more.Chance(70) || _instruction.MemoryIndex.IsVectorRegister() ? present : present & _more.Next();
        BinaryPrimitives.WriteUInt64LittleEndian(area[HeaderOffset..], inUse);
        BinaryPrimitives.WriteUInt32LittleEndian(area[MxcsrOffset..], mxcsr);
        BinaryPrimitives.WriteUInt32LittleEndian(area[(MxcsrOffset + sizeof(uint))..], _facts.MxcsrMask);
        FpuImage fpu = new(area[..FpuImage.ByteSize]);
        fpu.Control = FpuImage.InitialControl;
        if (kind != StateKind.Vectors)
            FillFpu(in fpu);
        if (kind == StateKind.Fpu)
            return;

        for (int i = 0; i < 16; i++)
            _vectors.AsSpan(32 * i, 16).CopyTo(area[(XmmOffset + (16 * i))..]);
        if (Place(XsaveState.Avx, area) is { IsEmpty: false } high)
        {
            for (int i = 0; i < 16; i++)
                _vectors.AsSpan((32 * i) + 16, 16).CopyTo(high[(16 * i)..]);
        }

        _more.Fill(Place(XsaveState.ZmmHigh, area));
        _more.Fill(Place(XsaveState.HighZmm, area));
        _more.Fill(Place(XsaveState.Opmask, area));
        if (_instruction.MemoryIndex.IsVectorRegister())
            FillIndexes(area);
        if (_instruction.Mnemonic == Mnemonic.Vcvtps2ph)
            FillHalves(area);
    }

    private Span<byte> Place(int component, Span<byte> area)
    {
        int offset = XsaveLayout.OfThisProcessor.OffsetOf(component, 0);
        return (_facts.Xcr0 & (1UL << component)) == 0 || offset < 0 ? default
            : area.Slice(offset, XsaveLayout.OfThisProcessor.SizeOf(component));
    }

    /// <summary>Bytes [from, from + 16) of a vector register.</summary>
    private Span<byte> Part(int number, int from, Span<byte> area)
    {
        if (number >= 16)
            return Slice(Place(XsaveState.HighZmm, area), (64 * (number - 16)) + from);
        return from switch
        {
            0 => area.Slice(XmmOffset + (16 * number), 16),
            16 => Slice(Place(XsaveState.Avx, area), 16 * number),
            _ => Slice(Place(XsaveState.ZmmHigh, area), (32 * number) + from - 32),
        };
    }

    private static Span<byte> Slice(Span<byte> bytes, int from) => bytes.IsEmpty ? bytes : bytes.Slice(from, 16);

    private void FillIndexes(Span<byte> area)
    {
        int number = (_indexes - Register.XMM0) & 31;
        for (int from = 0; from < _indexes.GetSize(); from += 16)
        {
            Span<byte> part = Part(number, from, area);
            for (int i = 0; i < part.Length; i += _indexSize)
            {
                long index = _more.Between(-_indexRange, _indexRange);
                if (_indexSize == 4)
                    BinaryPrimitives.WriteInt32LittleEndian(part[i..], (int)index);
                else
                    BinaryPrimitives.WriteInt64LittleEndian(part[i..], index);
            }
        }
    }

    /// <summary>Numbers of which many round, overflow or underflow in 16 bits; MXCSR with all that it can say.</summary>
    private void FillHalves(Span<byte> area)
    {
        if (_more.Chance(40))
        {
            uint mxcsr = BinaryPrimitives.ReadUInt32LittleEndian(area[MxcsrOffset..]);
            mxcsr |= (uint)_more.Next() & 0x8040;
            mxcsr ^= _more.Chance(20) ? (uint)_more.Next() & 0x1F80 : 0;
            BinaryPrimitives.WriteUInt32LittleEndian(area[MxcsrOffset..], mxcsr);
        }

        bool plain = _more.Chance(50);
        int number = (_instruction.Op1Register - Register.XMM0) & 31;
        for (int from = 0; from < _instruction.Op1Register.GetSize(); from += 16)
        {
            Span<byte> part = Part(number, from, area);
            for (int i = 0; i < part.Length; i += sizeof(uint))
            {
                uint exponent = (uint)_more.Between(127 - 28, 127 + 17);
                uint fraction = (uint)_more.Value() & 0x7F_FFFF & (_more.Chance(40) ? 0x7F_E000 : uint.MaxValue);
                uint value = (_more.Below(plain ? 100 : 8)) switch
                {
                    0 => 0x7F80_0000 | fraction, 1 => fraction, 2 => 0, _ => (exponent << 23) | fraction,
                };
                BinaryPrimitives.WriteUInt32LittleEndian(part[i..], value | (_more.Chance(50) ? 1U << 31 : 0));
            }
        }
    }

    private void FillFpu(in FpuImage state)
    {
        FpuImage image = state;
        int control = FpuImage.InitialControl & ~0xF00;
        control |= _more.Below(16) << 8;
        if (_more.Chance(10))
            control ^= _more.Below(64);
        image.Control = (ushort)control;

        int status = (_more.Below(8) << TopShift) | ((int)_more.Next() & 0x4700);
        if (_more.Chance(30))
            status |= _more.Below(64);
        if ((status & ~control & FpuExceptions.All) != 0)
            status |= 0x8080;
        image.Status = (ushort)status;
        image.Tags = (byte)(_more.Chance(60) ? 0xFF : (int)_more.Next());
        if (image.HasPendingException)
        {
            // Without one, some processors save zeros.
            image.Opcode = (ushort)(_more.Next() & 0x7FF);
            image.InstructionPointer = (uint)_more.Next();
            image.DataPointer = (uint)_more.Next();
        }

        for (int i = 0; i < 8; i++)
            FillRegister(image.St(i));
    }

    /// <summary>A number of every kind, most near the borders of the formats that it may be stored in.</summary>
    private void FillRegister(Span<byte> register)
    {
        ulong significand = _more.Next() | (1UL << 63);
        if (_more.Chance(30))
            significand &= ulong.MaxValue << _more.Below(64);
        int exponent = 16383 + _more.Below(10) switch
        {
            0 => _more.Between(-1100, -1010),
            1 => _more.Between(-160, -120),
            2 => _more.Between(120, 132),
            3 => _more.Between(1015, 1030),
            4 => _more.Between(-16382, 16383),
            5 => _more.Between(-3, 2),
            _ => _more.Between(-2, 66),
        };
        switch (_more.Below(20))
        {
            case 0:
                (exponent, significand) = (0, 0);
                break;
            case 1:
                (exponent, significand) = (0x7FFF, 1UL << 63);
                break;
            case 2:
                (exponent, significand) = (0x7FFF, significand | (1UL << (_more.Chance(50) ? 62 : 10)));
                break;
            case 3:
                exponent = 0;
                significand &= _more.Chance(50) ? ulong.MaxValue : ulong.MaxValue >> 1;
                break;
            case 4:
                significand &= ulong.MaxValue >> 1;
                break;
            case 5:
                (exponent, significand) = (16383 + 59, 999_999_999_999_999_990 + (ulong)_more.Below(20) << 4);
                break;
            default:
                break;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(register, significand);
        BinaryPrimitives.WriteUInt16LittleEndian(register[8..], (ushort)(exponent | (_more.Chance(50) ? 0x8000 : 0)));
    }
}
