using System;
using System.Collections.Generic;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>
/// Makes a case of a form of an instruction from a seed: operands, registers, flags and memory at random, such that most of what
/// it stores lies in the window, often across the border of the two pages.
/// </summary>
internal sealed unsafe partial class CaseGenerator
{
    private const ulong InterruptFlag = 0x202;
    private const ulong RandomFlags = 0x8D5 | 0x400;

    private readonly OracleLayout _layout;
    private readonly int _bits;
    private readonly List<byte> _bytes = [];
    private readonly Encoder _encoder;
    private readonly ulong[] _gprs = new ulong[16];
    private readonly ushort[] _selectors = new ushort[6];
    private readonly byte[] _usual = new byte[OracleLayout.UsualLength];
    private readonly byte[] _vectors = new byte[16 * 32];
    private readonly OracleFacts _facts;
    private CaseRandom _random;
    private CaseRandom _more;
    private bool _isWide;
    private Instruction _instruction;
    private int _addressSize;
    private ulong _target;

    public CaseGenerator(OracleLayout layout, OracleFacts facts, int bits)
    {
        _layout = layout;
        _facts = facts;
        _bits = bits;
        _encoder = Encoder.Create(bits, new ListWriter(_bytes));
    }

    /// <summary>Makes the case with this seed, for the place of an index. False: this form cannot be made.</summary>
    public bool TryGenerate(Code code, ulong seed, int index, ref OracleCase test)
    {
        OpCodeInfo form = code.ToOpCode();
        if (!form.IsInstruction || (_bits == 64 ? !form.Mode64 : _bits == 32 ? !form.Mode32 : !form.Mode16))
            return false;

        // What was added later draws from numbers of its own, so that the seeds that are kept stay what they are.
        _random = new CaseRandom(seed);
        _more = new CaseRandom(~seed);
        OracleCase.Clear(ref test);
        test.Bits = _bits;
        test.Flags = InterruptFlag | (_random.Next() & RandomFlags);
        uint mxcsr = 0x1F80 | (uint)(_random.Below(4) << 13);
        StateKind state = StateForms.Of(code);
        _isWide = StateForms.IsLong(code);
        test.WindowFirst = (ushort)(_isWide ? 0 : OracleLayout.UsualFirst);
        test.WindowLength = (ushort)(_isWide ? OracleCase.WindowSize : OracleLayout.UsualLength);
        Span<byte> window = OracleCase.WindowOf(ref test);
        FillWindow(window);
        _random.Fill(_vectors);
        for (int i = 0; i < 16; i++)
            _gprs[i] = _random.Value();
        for (int i = 0; i < 6; i++)
            _selectors[i] = PickSelector(i);

        _target = _isWide ? PickLongTarget() : PickTarget();
        _addressSize = PickAddressSize();
        _instruction = default;
        _instruction.Code = code;
        if (_random.Chance(15))
            _instruction.SegmentPrefix = PickSegment();
        if (form.CanUseOpMaskRegister && (form.RequireOpMaskRegister || _more.Chance(70)))
            _instruction.OpMask = Register.K1 + _more.Below(7);
        for (int i = 0; i < form.OpCount; i++)
        {
            if (!TryOperand(i, form.GetOpKind(i)))
                return false;
        }

        ulong slot = _layout.SlotOf(index);
        AddPrefixes(form);
        SetImplied(window);
        if (state != StateKind.None)
        {
            test.UsesState = 1;
            FillState(OracleCase.AreaOf(ref test), mxcsr, state);
        }

        _bytes.Clear();
        if (!_encoder.TryEncode(in _instruction, slot, out _, out _) || _bytes.Count is 0 or > 15)
            return false;

        test.Length = _bytes.Count;
        for (int i = 0; i < _bytes.Count; i++)
            test.Code[i] = _bytes[i];
        for (int i = 0; i < 16; i++)
            test.Gprs[i] = _bits == 64 ? _gprs[i] : (uint)_gprs[i];
        for (int i = 0; i < 6; i++)
            test.Selectors[i] = _selectors[i];
        return true;
    }

    /// <summary>ES CS SS DS FS GS: small ones in 16-bit code, Linux's in 64-bit code.</summary>
    private ushort PickSelector(int segment) => (_bits, segment) switch
    {
        (64, 1) => 0x33,
        (64, 2) => 0x2B,
        (16, not 1) => (ushort)_random.Below(0x40),
        _ => 0,
    };

    private ulong PickTarget()
    {
        const int Border = OracleLayout.UsualLength / 2;
        int offset = _random.Chance(40) ? Border - _random.Below(40) : _random.Between(80, OracleLayout.UsualLength - 80);
        int alignment = _random.Below(4) switch { 0 => 32, 1 => 16, 2 => 8, _ => 1 };
        if (alignment == 32 && _more.Chance(50))
            alignment = 64;
        return (_layout.Window + OracleLayout.UsualFirst + (ulong)offset) & ~(ulong)(alignment - 1);
    }

    /// <summary>For an area of up to <see cref="OracleCase.AreaSize"/> bytes, most often where it may lie.</summary>
    private ulong PickLongTarget() =>
        (_layout.Window + (ulong)_more.Below(OracleCase.WindowSize - OracleCase.AreaSize)) &
        ~(ulong)(_more.Below(16) switch { 0 => 0, 1 => 15, _ => 63 });

    /// <summary>The bytes of the usual part; what a longer one has besides repeats them.</summary>
    private void FillWindow(Span<byte> window)
    {
        _random.Fill(_usual);
        for (int i = 0; i < window.Length; i += _usual.Length)
            _usual.CopyTo(window[i..]);
    }

    private int PickAddressSize()
    {
        bool other = _random.Chance(20);
        return _bits switch { 64 => other ? 4 : 8, 32 => other ? 2 : 4, _ => other ? 4 : 2 };
    }

    private Register PickSegment()
    {
        ReadOnlySpan<Register> segments = [Register.ES, Register.SS, Register.DS, Register.FS, Register.GS];

        // In 64-bit code FS and GS have bases that this process does not know.
        return segments[_random.Below(_bits == 64 ? 3 : 5)];
    }

    private void AddPrefixes(OpCodeInfo form)
    {
        if (form.CanUseLockPrefix && _random.Chance(30))
            _instruction.HasLockPrefix = true;
        if (_instruction.IsStringInstruction && form.CanUseRepPrefix && _random.Chance(50))
            _instruction.HasRepPrefix = true;
    }

    private sealed class ListWriter(List<byte> bytes) : CodeWriter
    {
        public override void WriteByte(byte value) => bytes.Add(value);
    }
}
