using System;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>Moves of a whole vector register, or of its low or high part, to memory; SSE and VEX forms. STMXCSR.</summary>
internal static unsafe class VectorStores
{
    public static bool Emulate(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        if (instruction.Op0Kind != OpKind.Memory || instruction.Encoding is not (EncodingKind.Legacy or EncodingKind.VEX))
            return false;

        switch (instruction.Mnemonic)
        {
            case Mnemonic.Movups or Mnemonic.Movupd or Mnemonic.Movdqu or Mnemonic.Vmovups or Mnemonic.Vmovupd or Mnemonic.Vmovdqu:
                return Move(ref context, first: 0, isAligned: false);
            case Mnemonic.Movaps or Mnemonic.Movapd or Mnemonic.Movdqa or Mnemonic.Movntdq or Mnemonic.Movntps or Mnemonic.Movntpd or
                Mnemonic.Vmovaps or Mnemonic.Vmovapd or Mnemonic.Vmovdqa or Mnemonic.Vmovntdq or Mnemonic.Vmovntps or
                Mnemonic.Vmovntpd:
                return Move(ref context, first: 0, isAligned: true);
            case Mnemonic.Movss or Mnemonic.Movsd or Mnemonic.Movd or Mnemonic.Movq or Mnemonic.Movlps or Mnemonic.Movlpd or
                Mnemonic.Vmovss or Mnemonic.Vmovsd or Mnemonic.Vmovd or Mnemonic.Vmovq or Mnemonic.Vmovlps or Mnemonic.Vmovlpd:
                return Move(ref context, first: 0, isAligned: false);
            case Mnemonic.Movhps or Mnemonic.Movhpd or Mnemonic.Vmovhps or Mnemonic.Vmovhpd:
                return Move(ref context, first: sizeof(ulong), isAligned: false);
            case Mnemonic.Stmxcsr or Mnemonic.Vstmxcsr:
                return VectorRegisters.TryReadMxcsr(context.Xsave, out uint mxcsr) && context.TryTarget(sizeof(uint)) &&
                    context.Give(mxcsr);
            default:
                return false;
        }
    }

    private static bool Move(ref EmulationContext context, int first, bool isAligned)
    {
        int size = context.OperandSize;
        Span<byte> register = stackalloc byte[32];
        if (!VectorRegisters.TryRead(context.Xsave, context.Instruction.Op1Register, register) || first + size > register.Length ||
            !context.TryTarget(size) || (isAligned && (context.Store.Linear & (ulong)(size - 1)) != 0))
        {
            return false;
        }

        register.Slice(first, size).CopyTo(InstructionEffect.BytesOf(ref context.Store));
        return true;
    }
}
