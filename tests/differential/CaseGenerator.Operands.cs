using System;
using Iced.Intel;

namespace Tests.Differential;

/// <content>Operands.</content>
internal sealed unsafe partial class CaseGenerator
{
    private static ReadOnlySpan<Register> Bases16 =>
        [Register.BX, Register.BX, Register.BP, Register.BP, Register.SI, Register.DI, Register.BP, Register.BX];

    private static ReadOnlySpan<Register> Indexes16 => [Register.SI, Register.DI, Register.SI, Register.DI];

    private bool TryOperand(int operand, OpCodeOperandKind kind)
    {
        switch (kind)
        {
            case OpCodeOperandKind.mem or OpCodeOperandKind.r8_or_mem or OpCodeOperandKind.r16_or_mem or
                OpCodeOperandKind.r32_or_mem or OpCodeOperandKind.r64_or_mem or OpCodeOperandKind.mm_or_mem or
                OpCodeOperandKind.xmm_or_mem or OpCodeOperandKind.ymm_or_mem or OpCodeOperandKind.zmm_or_mem or
                OpCodeOperandKind.k_or_mem:
                SetMemory(operand);
                return true;
            case OpCodeOperandKind.mem_vsib32x or OpCodeOperandKind.mem_vsib64x:
                SetVectorMemory(operand, Register.XMM0, kind == OpCodeOperandKind.mem_vsib32x ? 4 : 8);
                return true;
            case OpCodeOperandKind.mem_vsib32y or OpCodeOperandKind.mem_vsib64y:
                SetVectorMemory(operand, Register.YMM0, kind == OpCodeOperandKind.mem_vsib32y ? 4 : 8);
                return true;
            case OpCodeOperandKind.mem_vsib32z or OpCodeOperandKind.mem_vsib64z:
                SetVectorMemory(operand, Register.ZMM0, kind == OpCodeOperandKind.mem_vsib32z ? 4 : 8);
                return true;
            case OpCodeOperandKind.mem_offs:
                _instruction.SetOpKind(operand, OpKind.Memory);
                SetDisplacement(OffsetOf(_target), _addressSize);
                return true;
            case OpCodeOperandKind.es_rDI:
                _instruction.SetOpKind(operand, Sized(OpKind.MemoryESDI));
                return true;
            case OpCodeOperandKind.seg_rDI:
                _instruction.SetOpKind(operand, Sized(OpKind.MemorySegDI));
                return true;
            case OpCodeOperandKind.seg_rSI:
                _instruction.SetOpKind(operand, Sized(OpKind.MemorySegSI));
                return true;
            case OpCodeOperandKind.br16_2:
                _instruction.SetOpKind(operand, OpKind.NearBranch16);
                _instruction.NearBranch16 = (ushort)_layout.Landing;
                return true;
            case OpCodeOperandKind.br32_4:
                _instruction.SetOpKind(operand, OpKind.NearBranch32);
                _instruction.NearBranch32 = (uint)_layout.Landing;
                return true;
            case OpCodeOperandKind.br64_4:
                _instruction.SetOpKind(operand, OpKind.NearBranch64);
                _instruction.NearBranch64 = _layout.Landing;
                return true;
            default:
                return TryImmediate(operand, kind) || TryRegister(operand, kind);
        }
    }

    private bool TryImmediate(int operand, OpCodeOperandKind kind)
    {
        OpKind immediate = kind switch
        {
            OpCodeOperandKind.imm8 => operand == 1 && _instruction.Mnemonic == Mnemonic.Enter ? OpKind.Immediate8_2nd : OpKind.Immediate8,
            OpCodeOperandKind.imm8_const_1 => OpKind.Immediate8,
            OpCodeOperandKind.imm8sex16 => OpKind.Immediate8to16,
            OpCodeOperandKind.imm8sex32 => OpKind.Immediate8to32,
            OpCodeOperandKind.imm8sex64 => OpKind.Immediate8to64,
            OpCodeOperandKind.imm16 => OpKind.Immediate16,
            OpCodeOperandKind.imm32 => OpKind.Immediate32,
            OpCodeOperandKind.imm32sex64 => OpKind.Immediate32to64,
            OpCodeOperandKind.imm64 => OpKind.Immediate64,
            _ => OpKind.Register,
        };
        if (immediate == OpKind.Register)
            return false;

        _instruction.SetOpKind(operand, immediate);
        ulong value = kind == OpCodeOperandKind.imm8_const_1 ? 1 : _random.Value();
        switch (immediate)
        {
            case OpKind.Immediate8:
                _instruction.Immediate8 = (byte)value;
                break;
            case OpKind.Immediate8_2nd:
                _instruction.Immediate8_2nd = (byte)(_random.Below(4) + (_more.Chance(30) ? _more.Below(36) : 0));
                break;
            case OpKind.Immediate8to16:
                _instruction.Immediate8to16 = (sbyte)value;
                break;
            case OpKind.Immediate8to32:
                _instruction.Immediate8to32 = (sbyte)value;
                break;
            case OpKind.Immediate8to64:
                _instruction.Immediate8to64 = (sbyte)value;
                break;
            case OpKind.Immediate16:
                _instruction.Immediate16 = (ushort)value;
                break;
            case OpKind.Immediate32:
                _instruction.Immediate32 = (uint)value;
                break;
            case OpKind.Immediate32to64:
                _instruction.Immediate32to64 = (int)value;
                break;
            default:
                _instruction.Immediate64 = value;
                break;
        }

        return true;
    }

    private bool TryRegister(int operand, OpCodeOperandKind kind)
    {
        int count = _bits == 64 ? 16 : 8;
        int vectors = _bits == 64 && _instruction.Code.Encoding() == EncodingKind.EVEX && _more.Chance(50) ? 32 : count;
        Register register = kind switch
        {
            OpCodeOperandKind.r8_reg or OpCodeOperandKind.r8_opcode => PickByteRegister(),
            OpCodeOperandKind.r16_reg or OpCodeOperandKind.r16_opcode or OpCodeOperandKind.r16_rm => Register.AX + _random.Below(count),
            OpCodeOperandKind.r32_reg or OpCodeOperandKind.r32_opcode or OpCodeOperandKind.r32_rm => Register.EAX + _random.Below(count),
            OpCodeOperandKind.r64_reg or OpCodeOperandKind.r64_opcode or OpCodeOperandKind.r64_rm => Register.RAX + _random.Below(count),
            OpCodeOperandKind.xmm_reg or OpCodeOperandKind.xmm_vvvv or OpCodeOperandKind.xmm_rm => Register.XMM0 + _random.Below(vectors),
            OpCodeOperandKind.ymm_reg or OpCodeOperandKind.ymm_vvvv or OpCodeOperandKind.ymm_rm => Register.YMM0 + _random.Below(vectors),
            OpCodeOperandKind.zmm_reg or OpCodeOperandKind.zmm_vvvv or OpCodeOperandKind.zmm_rm => Register.ZMM0 + _random.Below(vectors),
            OpCodeOperandKind.k_reg or OpCodeOperandKind.k_rm or OpCodeOperandKind.k_vvvv => Register.K0 + _random.Below(8),
            OpCodeOperandKind.r32_vvvv => Register.EAX + _random.Below(count),
            OpCodeOperandKind.r64_vvvv => Register.RAX + _random.Below(count),
            OpCodeOperandKind.r16_reg_mem => Register.AX + _random.Below(count),
            OpCodeOperandKind.r32_reg_mem => Register.EAX + _random.Below(count),
            OpCodeOperandKind.r64_reg_mem => Register.RAX + _random.Below(count),
            OpCodeOperandKind.mm_reg or OpCodeOperandKind.mm_rm => Register.MM0 + _random.Below(8),
            OpCodeOperandKind.seg_reg => Register.ES + _random.Below(6),
            OpCodeOperandKind.es => Register.ES,
            OpCodeOperandKind.cs => Register.CS,
            OpCodeOperandKind.ss => Register.SS,
            OpCodeOperandKind.ds => Register.DS,
            OpCodeOperandKind.fs => Register.FS,
            OpCodeOperandKind.gs => Register.GS,
            OpCodeOperandKind.al => Register.AL,
            OpCodeOperandKind.cl => Register.CL,
            OpCodeOperandKind.ax => Register.AX,
            OpCodeOperandKind.dx => Register.DX,
            OpCodeOperandKind.eax => Register.EAX,
            OpCodeOperandKind.rax => Register.RAX,
            OpCodeOperandKind.st0 => Register.ST0,
            _ => Register.None,
        };
        if (register == Register.None)
            return false;
        _instruction.SetOpKind(operand, OpKind.Register);
        _instruction.SetOpRegister(operand, register);
        return true;
    }

    private Register PickByteRegister()
    {
        // AH to BH exclude a REX prefix; the encoder refuses what does not go together.
        if (_random.Chance(30))
            return Register.AH + _random.Below(4);
        return _bits == 64 && _random.Chance(60) ? Register.SPL + _random.Below(12) : Register.AL + _random.Below(4);
    }

    private void SetMemory(int operand)
    {
        _instruction.SetOpKind(operand, OpKind.Memory);
        int shape = _random.Below(10);
        if (shape == 0)
        {
            SetDisplacement(default, _addressSize);
            _instruction.MemoryDisplacement64 = OffsetOf(_target);
            return;
        }

        if (shape == 1 && _bits == 64)
        {
            _instruction.MemoryBase = _addressSize == 8 ? Register.RIP : Register.EIP;
            SetDisplacement(_target, _addressSize);
            return;
        }

        int displacement = _random.Below(4) switch
        {
            0 => 0,
            1 or 2 => _random.Between(-128, 127),
            _ => _addressSize == 2 ? (short)_random.Next() : (int)_random.Next(),
        };
        _instruction.MemoryDisplSize = displacement == 0 ? 0 : displacement is >= -128 and <= 127 ? 1 : _addressSize;
        _instruction.MemoryDisplacement64 = _addressSize == 8 ? (ulong)displacement : (uint)displacement & AddressMask;
        if (_addressSize == 2)
            SetRegisters16((ulong)displacement);
        else
            SetRegisters((ulong)displacement);
    }

    /// <summary>A base, and a vector of indexes that stay near the target; they are put into the registers with the others.</summary>
    private void SetVectorMemory(int operand, Register first, int indexSize)
    {
        _instruction.SetOpKind(operand, OpKind.Memory);
        int count = _bits == 64 ? _more.Chance(50) ? 32 : 16 : 8;
        int scale = 1 << _more.Below(4);
        int baseNumber = _more.Below(_bits == 64 ? 16 : 8);
        _indexes = first + _more.Below(count);
        _indexSize = indexSize;
        _indexRange = 160 / scale;
        _instruction.MemoryIndex = _indexes;
        _instruction.MemoryIndexScale = scale;
        _instruction.MemoryBase = (_addressSize == 8 ? Register.RAX : Register.EAX) + baseNumber;
        int displacement = _more.Below(3) == 0 ? 0 : _more.Between(-128, 127);
        _instruction.MemoryDisplSize = displacement == 0 ? 0 : 1;
        _instruction.MemoryDisplacement64 = _addressSize == 8 ? (ulong)displacement : (uint)displacement;
        ulong middle = _layout.Window + OracleLayout.UsualFirst + (OracleLayout.UsualLength / 2);
        SetAddress(baseNumber, OffsetOf(middle) - (ulong)displacement);
    }

    private void SetDisplacement(ulong value, int size)
    {
        _instruction.MemoryDisplSize = size;
        _instruction.MemoryDisplacement64 = value;
    }

    private void SetRegisters(ulong displacement)
    {
        int count = _bits == 64 ? 16 : 8;
        Register first = _addressSize == 8 ? Register.RAX : Register.EAX;
        int baseNumber = _random.Below(count);
        _instruction.MemoryBase = first + baseNumber;
        ulong rest = displacement;
        int indexNumber = _random.Below(count);
        if (_random.Chance(50) && indexNumber != 4 && indexNumber != baseNumber)
        {
            int scale = 1 << _random.Below(4);
            _instruction.MemoryIndex = first + indexNumber;
            _instruction.MemoryIndexScale = scale;
            rest += _gprs[indexNumber] * (ulong)scale;
        }

        SetAddress(baseNumber, OffsetOf(_target) - rest);
    }

    private void SetRegisters16(ulong displacement)
    {
        int row = _random.Below(8);
        _instruction.MemoryBase = Bases16[row];
        ulong rest = displacement;
        if (row < Indexes16.Length)
        {
            _instruction.MemoryIndex = Indexes16[row];
            rest += _gprs[Indexes16[row] - Register.AX];
        }

        SetAddress(Bases16[row] - Register.AX, OffsetOf(_target) - rest);
    }

    /// <summary>Sets the part of a register that addresses have.</summary>
    private void SetAddress(int number, ulong value) =>
        _gprs[number] = (_gprs[number] & ~AddressMask) | (value & AddressMask);

    private ulong AddressMask => ulong.MaxValue >> (64 - (8 * _addressSize));

    /// <summary>Offset of a linear address in the segment of the memory operand.</summary>
    private ulong OffsetOf(ulong linear)
    {
        // The segment depends on the base register and on the prefix; both are set by now.
        Register segment = _instruction.SegmentPrefix;
        if (segment == Register.None)
        {
            bool stack = _instruction.MemoryBase is Register.BP or Register.EBP or Register.RBP or Register.ESP or Register.RSP;
            segment = stack ? Register.SS : Register.DS;
        }

        return linear - BaseOf(segment);
    }

    private ulong BaseOf(Register segment) => _bits == 16 ? (ulong)_selectors[segment - Register.ES] * 16 : 0;

    private OpKind Sized(OpKind kind) => kind + (_addressSize switch { 2 => 0, 4 => 1, _ => 2 });
}
