using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Engine;
using Engine.Instructions;

namespace Tests.Unit.Fakes;

/// <summary>
/// Memory operands as text: <c>rw? stack 8100+8</c> is read, and perhaps written, on the stack, 8 bytes at 8100. <c>*3 [80f0+18]</c>:
/// three times, in that range; <c>mask</c>: the bytes accessed; an ordinary operand has no kind. What is not known has a word
/// instead of its address.
/// </summary>
internal static unsafe class OperandText
{
    /// <summary>All operands of the instruction that the bench has decoded.</summary>
    public static string Of(InstructionBench bench)
    {
        MemoryOperand[] operands = new MemoryOperand[Limits.MaxMemoryOperands];
        int count = bench.Unit.ListOperands(bench.Vcpu, operands);
        List<string> texts = [];
        for (int i = 0; i < count; i++)
            texts.Add(Of(in operands[i]));
        return string.Join("; ", texts);
    }

    private static string Of(in MemoryOperand operand)
    {
        StringBuilder text = new();
        text.Append(operand.Reads ? "r" : "").Append(operand.Writes ? "w" : "");
        text.Append((operand.Access & OperandAccess.Conditional) != 0 ? "? " : " ");
        if (operand.Kind != OperandKind.Ordinary)
            text.Append(operand.Kind.ToString().ToLowerInvariant()).Append(' ');
        if (operand.State is OperandState.Unknown or OperandState.Faults)
            text.Append(operand.State.ToString().ToLowerInvariant()).Append(' ').Append(operand.Size);
        else
            text.Append(CultureInfo.InvariantCulture, $"{operand.Linear:x}+{(operand.State == OperandState.UnknownSize ? "?" : $"{operand.Size}")}");
        if (operand.Count != 1)
            text.Append(CultureInfo.InvariantCulture, $" *{operand.Count} [{operand.Start:x}+{operand.Length:x}]");
        if (operand.ByteMask != ulong.MaxValue)
            text.Append(CultureInfo.InvariantCulture, $" mask {operand.ByteMask:x}");
        return text.ToString();
    }
}
