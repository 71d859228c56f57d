using System;
using Iced.Intel;

namespace Tests.Differential;

/// <content>What an instruction takes without naming it.</content>
internal sealed unsafe partial class CaseGenerator
{
    private const int Rax = 0;
    private const int Rcx = 1;
    private const int Rdx = 2;
    private const int Rsp = 4;
    private const int Rbp = 5;
    private const int Rsi = 6;
    private const int Rdi = 7;

    private void SetImplied(Span<byte> window)
    {
        Mnemonic mnemonic = _instruction.Mnemonic;
        if (_instruction.IsStackInstruction || mnemonic is Mnemonic.Enter or Mnemonic.Call)
            SetStackPointer();
        if (IsExtraSegment(_instruction.Op0Kind) || (_instruction.OpCount > 1 && IsExtraSegment(_instruction.Op1Kind)))
            SetAddress(Rdi, _target - BaseOf(Register.ES));
        if (_instruction.Op0Kind is OpKind.MemorySegDI or OpKind.MemorySegEDI or OpKind.MemorySegRDI)
            SetAddress(Rdi, OffsetOf(_target));
        if (_instruction.IsStringInstruction)
        {
            SetAddress(Rsi, OffsetOf(PickTarget()));
            SetAddress(Rcx, (ulong)_random.Below(6));
        }

        switch (mnemonic)
        {
            case Mnemonic.Enter when _instruction.Immediate8_2nd > 1:
                SetFramePointer();
                break;
            case Mnemonic.Movdir64b:
                SetLine();
                break;
            case Mnemonic.Clzero:
                _gprs[Rax] = PickTarget();
                break;
            case Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or
                Mnemonic.Xsavec64:
                SetComponents();
                break;
            case Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc or Mnemonic.Bt when _instruction.Op1Kind == OpKind.Register:
                SetBitNumber();
                break;
            case Mnemonic.Cmpxchg or Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b when _random.Chance(50):
                SetAccumulator(window, mnemonic);
                break;
            case Mnemonic.Call when _instruction.Op0Kind == OpKind.Memory:
                BitConverter.TryWriteBytes(window[Position()..], _layout.Landing);
                break;
            case Mnemonic.Call when _instruction.Op0Kind == OpKind.Register:
                _gprs[NumberOf(_instruction.Op0Register)] = _layout.Landing;
                break;
            default:
                break;
        }
    }

    private static bool IsExtraSegment(OpKind kind) => kind is OpKind.MemoryESDI or OpKind.MemoryESEDI or OpKind.MemoryESRDI;

    /// <summary>Near the stack pointer, so that frames are often copied from what was just pushed.</summary>
    private void SetFramePointer()
    {
        ulong pointer = _gprs[Rsp] + (ulong)_more.Between(-60, 100);
        _gprs[Rbp] = _bits == 16 ? (_gprs[Rbp] & ~0xFFFFUL) | (ushort)pointer : pointer;
    }

    private void SetLine()
    {
        ulong to = (_layout.Window + OracleLayout.UsualFirst + (ulong)_more.Below(OracleLayout.UsualLength - 64)) &
            ~(_more.Chance(5) ? 0UL : 63UL);
        if (!IsAddress(_instruction.Op0Register))
            SetAddress(NumberOf(_instruction.Op0Register), to - BaseOf(Register.ES));
    }

    /// <summary>EDX:EAX: often all, else some; of those that this oracle exchanges, and of such as nobody has.</summary>
    private void SetComponents()
    {
        if (IsAddress(Register.RAX) || IsAddress(Register.RDX))
            return;
        ulong wanted = _more.Chance(40) ? ulong.MaxValue : _more.Next();
        ulong foreign = _facts.Xcr0 & ~StateComponents;
        _gprs[Rax] = (_gprs[Rax] & ~0xFFFF_FFFFUL) | (uint)(wanted & ~foreign);
        _gprs[Rdx] = (_gprs[Rdx] & ~0xFFFF_FFFFUL) | (uint)((wanted & ~foreign) >> 32);
    }

    private void SetStackPointer()
    {
        if (_instruction.MemoryBase.GetFullRegister() == Register.RSP)
            return;
        ulong pointer = PickTarget() - BaseOf(Register.SS);
        _gprs[Rsp] = _bits == 16 ? (_gprs[Rsp] & ~0xFFFFUL) | (ushort)pointer : pointer;
    }

    /// <summary>A number that stays within 40 bytes before and after the operand.</summary>
    private void SetBitNumber()
    {
        Register register = _instruction.Op1Register;
        if (IsAddress(register))
            return;
        int size = register.GetSize();
        ulong mask = ulong.MaxValue >> (64 - (8 * size));
        int number = NumberOf(register);
        _gprs[number] = (_gprs[number] & ~mask) | ((ulong)_random.Between(-320, 320) & mask);
    }

    private void SetAccumulator(Span<byte> window, Mnemonic mnemonic)
    {
        if (IsAddress(Register.RAX) || IsAddress(Register.RDX))
            return;
        int at = Position();
        if (mnemonic == Mnemonic.Cmpxchg8b)
        {
            _gprs[Rax] = BitConverter.ToUInt32(window[at..]);
            _gprs[Rdx] = BitConverter.ToUInt32(window[(at + 4)..]);
            return;
        }

        _gprs[Rax] = BitConverter.ToUInt64(window[at..]);
        if (mnemonic == Mnemonic.Cmpxchg16b)
            _gprs[Rdx] = BitConverter.ToUInt64(window[(at + 8)..]);
    }

    private bool IsAddress(Register register) =>
        register.GetFullRegister() == _instruction.MemoryBase.GetFullRegister() ||
        register.GetFullRegister() == _instruction.MemoryIndex.GetFullRegister();

    private int Position() => (int)(_target - _layout.Window) - (_isWide ? 0 : OracleLayout.UsualFirst);

    private static int NumberOf(Register register) => register.GetFullRegister() - Register.RAX;
}
