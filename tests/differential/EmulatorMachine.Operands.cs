using System;
using Engine;
using Engine.Instructions;
using Engine.Instructions.Emulation.State;
using Engine.Vcpus;
using Iced.Intel;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Tests.Differential;

/// <content>The operands that the instruction has.</content>
internal sealed unsafe partial class EmulatorMachine
{
    private readonly MemoryOperand[] _operands = new MemoryOperand[Limits.MaxMemoryOperands];
    private readonly ExtendedState _operandState = new(XsaveLayout.OfThisProcessor);
    private readonly InstructionInfoFactory _factory = new();

    /// <summary>Notes which bytes of the window the operands may write. Where extended state belongs to the case, it is that of the
    /// operands, too.</summary>
    private void NoteOperands(VcpuState* vcpu, ref OracleCase test, bool isDecoded, ref EmulatedCase outcome)
    {
        fixed (ulong* bits = outcome.Writable)
        {
            Span<ulong> writable = new(bits, OracleCase.WindowSize / 64);
            writable.Fill(isDecoded ? 0 : ulong.MaxValue);
            int count = !isDecoded ? 0 : test.UsesState != 0 ? ListWithState(vcpu, ref test) : _unit.ListOperands(vcpu, _operands);
            for (int i = 0; i < count; i++)
            {
                if (_operands[i].Writes)
                    Note(in _operands[i], writable);
            }
        }
    }

    private int ListWithState(VcpuState* vcpu, ref OracleCase test)
    {
        _operandState.Begin(OracleCase.AreaOf(ref test));
        OperandLister lister = new(in _unit.Current, _registers, vcpu, _operandState, _factory, _operands);
        return lister.List();
    }

    private void Note(in MemoryOperand operand, Span<ulong> writable)
    {
        if (operand.State is OperandState.Unknown or OperandState.UnknownSize || operand.Length > OracleLayout.DataSize)
        {
            writable.Fill(ulong.MaxValue);
            return;
        }

        for (ulong i = 0; operand.State == OperandState.Known && i < operand.Length; i++)
        {
            ulong at = operand.Start + i - _layout.Window;
            if (at < OracleCase.WindowSize && (i >= 64 || (operand.ByteMask & (1UL << (int)i)) != 0))
                writable[(int)(at / 64)] |= 1UL << (int)(at % 64);
        }
    }
}
