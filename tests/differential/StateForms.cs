using System;
using System.Linq;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Which forms use extended state, and which store more than a register holds.</summary>
internal static class StateForms
{
    private static readonly StateKind[] Kinds = [.. Enum.GetValues<Code>().Select(Find)];

    /// <summary>Forms that the decoder numbers.</summary>
    public static int CodeCount => Kinds.Length;

    public static StateKind Of(Code code) => Kinds[(int)code];

    /// <summary>Whether it stores an area of hundreds of bytes.</summary>
    public static bool IsLong(Code code) => code.Mnemonic() is Mnemonic.Fxsave or Mnemonic.Fxsave64 or Mnemonic.Xsave or
        Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or Mnemonic.Xsavec64 or Mnemonic.Xsaves or
        Mnemonic.Xsaves64 or Mnemonic.Fnsave;

    private static StateKind Find(Code code)
    {
        if (IsLong(code))
            return code.Mnemonic() == Mnemonic.Fnsave ? StateKind.Fpu : StateKind.All;
        if (code.CpuidFeatures().Any(feature => feature is CpuidFeature.FPU or CpuidFeature.FPU387 or CpuidFeature.SSE3) && code.Mnemonic().ToString()[0] == 'F')
            return StateKind.Fpu;
        if (code.Mnemonic() is Mnemonic.Stmxcsr or Mnemonic.Vstmxcsr)
            return StateKind.Vectors;

        OpCodeInfo form = code.ToOpCode();
        StateKind kind = StateKind.None;
        for (int i = 0; i < form.OpCount; i++)
        {
            string operand = form.GetOpKind(i).ToString();
            if (operand.StartsWith("mm_", StringComparison.Ordinal))
                return StateKind.Fpu;
            if (operand.Contains("mm_", StringComparison.Ordinal) || operand.Contains("k_", StringComparison.Ordinal) ||
                operand.Contains("vsib", StringComparison.Ordinal))
            {
                kind = StateKind.Vectors;
            }
        }

        return kind;
    }
}
