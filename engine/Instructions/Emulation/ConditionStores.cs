using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>SETcc of memory.</summary>
internal static class ConditionStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        if (instruction.OpCount != 1 || context.OperandSize != 1 || !IsSet(instruction.Mnemonic) || !context.TryTarget(1) ||
            !context.TryFlags(out ulong flags))
        {
            return false;
        }

        return context.Give(Holds(instruction.ConditionCode, flags) ? 1UL : 0);
    }

    /// <summary>Whether a condition holds with these flags.</summary>
    public static bool Holds(ConditionCode condition, ulong flags)
    {
        bool carry = (flags & RFlags.Cf) != 0;
        bool zero = (flags & RFlags.Zf) != 0;
        bool sign = (flags & RFlags.Sf) != 0;
        bool overflow = (flags & RFlags.Of) != 0;
        bool parity = (flags & RFlags.Pf) != 0;
        return condition switch
        {
            ConditionCode.o => overflow,
            ConditionCode.no => !overflow,
            ConditionCode.b => carry,
            ConditionCode.ae => !carry,
            ConditionCode.e => zero,
            ConditionCode.ne => !zero,
            ConditionCode.be => carry || zero,
            ConditionCode.a => !carry && !zero,
            ConditionCode.s => sign,
            ConditionCode.ns => !sign,
            ConditionCode.p => parity,
            ConditionCode.np => !parity,
            ConditionCode.l => sign != overflow,
            ConditionCode.ge => sign == overflow,
            ConditionCode.le => zero || sign != overflow,
            _ => !zero && sign == overflow,
        };
    }

    private static bool IsSet(Mnemonic mnemonic) => mnemonic is
        Mnemonic.Seto or Mnemonic.Setno or Mnemonic.Setb or Mnemonic.Setae or Mnemonic.Sete or Mnemonic.Setne or Mnemonic.Setbe or
        Mnemonic.Seta or Mnemonic.Sets or Mnemonic.Setns or Mnemonic.Setp or Mnemonic.Setnp or Mnemonic.Setl or Mnemonic.Setge or
        Mnemonic.Setle or Mnemonic.Setg;
}
