using Engine.Instructions.Emulation.Areas;
using Engine.Instructions.Emulation.Fpu;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <content>x87 and MMX, and whole areas of extended state.</content>
internal static unsafe partial class InstructionEmulator
{
    private static bool DispatchState(ref EmulationContext context)
    {
        switch (context.Instruction.Mnemonic)
        {
            case Mnemonic.Fst or Mnemonic.Fstp:
                return FpuStores.StoreFloat(ref context);
            case Mnemonic.Fist or Mnemonic.Fistp or Mnemonic.Fisttp:
                return FpuStores.StoreInteger(ref context);
            case Mnemonic.Fbstp:
                return FpuStores.StoreDecimal(ref context);
            case Mnemonic.Fnstcw or Mnemonic.Fnstsw:
                return EnvironmentStores.StoreWord(ref context);
            case Mnemonic.Fnstenv or Mnemonic.Fnsave:
                return EnvironmentStores.StoreEnvironment(ref context);
            case Mnemonic.Movd or Mnemonic.Movq or Mnemonic.Movntq when context.Instruction.Op1Register.IsMM():
                return MmxStores.Emulate(ref context);
            case Mnemonic.Maskmovq:
                return MmxStores.EmulateMasked(ref context);
            case Mnemonic.Fxsave or Mnemonic.Fxsave64:
                return FxsaveStores.Emulate(ref context);
            case Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or
                Mnemonic.Xsavec64 or Mnemonic.Xsaves or Mnemonic.Xsaves64:
                return XsaveStores.Emulate(ref context);
            default:
                return DispatchVectors(ref context);
        }
    }
}
