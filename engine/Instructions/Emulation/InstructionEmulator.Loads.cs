using Engine.Instructions.Emulation.Fpu;
using Engine.Instructions.Emulation.Loads;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <content>Instructions that read memory and store nothing.</content>
internal static unsafe partial class InstructionEmulator
{
    /// <summary>Tells by the operands; MOVDIR64B stores to where its register points.</summary>
    private static bool IsLoad(in Instruction instruction) => instruction.Mnemonic switch
    {
        Mnemonic.Cmp or Mnemonic.Test or Mnemonic.Bt or Mnemonic.Cmpsb or Mnemonic.Cmpsw or Mnemonic.Cmpsq => true,
        Mnemonic.Movdir64b => false,
        Mnemonic.Cmpsd => instruction.IsStringInstruction,
        _ => instruction.Op0Kind == OpKind.Register && instruction.OpCount > 1 &&
            (IsMemory(instruction.Op1Kind) || (instruction.OpCount > 2 && IsMemory(instruction.Op2Kind))),
    };

    private static bool IsMemory(OpKind kind) => kind is OpKind.Memory or >= OpKind.MemorySegSI and <= OpKind.MemoryESRDI;

    private static bool DispatchLoads(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Mov or Mnemonic.Movzx or Mnemonic.Movbe:
                return IntegerLoads.Load(ref context);
            case Mnemonic.Movsx or Mnemonic.Movsxd:
                return IntegerLoads.LoadSigned(ref context);
            case Mnemonic.Add or Mnemonic.Adc or Mnemonic.Sub or Mnemonic.Sbb or Mnemonic.And or Mnemonic.Or or Mnemonic.Xor:
                return IntegerLoads.Compute(ref context);
            case Mnemonic.Cmp or Mnemonic.Test:
                return IntegerLoads.Compare(ref context);
            case Mnemonic.Bt:
                return IntegerLoads.TestBit(ref context);
            case Mnemonic.Popcnt or Mnemonic.Lzcnt or Mnemonic.Tzcnt:
                return IntegerLoads.Count(ref context);
            case Mnemonic.Lodsb or Mnemonic.Lodsw or Mnemonic.Lodsd or Mnemonic.Lodsq or Mnemonic.Scasb or Mnemonic.Scasw or
                Mnemonic.Scasd or Mnemonic.Scasq or Mnemonic.Cmpsb or Mnemonic.Cmpsw or Mnemonic.Cmpsq:
                return StringLoads.Emulate(ref context);
            case Mnemonic.Cmpsd:
                return instruction.IsStringInstruction && StringLoads.Emulate(ref context);
            case Mnemonic.Movd or Mnemonic.Movq when instruction.Op0Register.IsMM():
                return MmxStores.Load(ref context);
            case Mnemonic.Movups or Mnemonic.Movupd or Mnemonic.Movdqu or Mnemonic.Lddqu or Mnemonic.Movss or Mnemonic.Movsd or
                Mnemonic.Movd or Mnemonic.Movq or Mnemonic.Vmovups or Mnemonic.Vmovupd or Mnemonic.Vmovdqu or
                Mnemonic.Vmovdqu8 or Mnemonic.Vmovdqu16 or Mnemonic.Vmovdqu32 or Mnemonic.Vmovdqu64 or Mnemonic.Vlddqu or
                Mnemonic.Vmovss or Mnemonic.Vmovsd or Mnemonic.Vmovsh or Mnemonic.Vmovd or Mnemonic.Vmovq or Mnemonic.Vmovw:
                return VectorLoads.Load(ref context, isAligned: false);
            case Mnemonic.Movaps or Mnemonic.Movapd or Mnemonic.Movdqa or Mnemonic.Movntdqa or Mnemonic.Vmovaps or
                Mnemonic.Vmovapd or Mnemonic.Vmovdqa or Mnemonic.Vmovdqa32 or Mnemonic.Vmovdqa64 or Mnemonic.Vmovntdqa:
                return VectorLoads.Load(ref context, isAligned: true);
            case Mnemonic.Movlps or Mnemonic.Movlpd or Mnemonic.Vmovlps or Mnemonic.Vmovlpd:
                return VectorLoads.LoadHalf(ref context, at: 0);
            case Mnemonic.Movhps or Mnemonic.Movhpd or Mnemonic.Vmovhps or Mnemonic.Vmovhpd:
                return VectorLoads.LoadHalf(ref context, at: sizeof(ulong));
            case Mnemonic.Vbroadcastss or Mnemonic.Vbroadcastsd or Mnemonic.Vbroadcastf128 or Mnemonic.Vbroadcasti128 or
                Mnemonic.Vpbroadcastb or Mnemonic.Vpbroadcastw or Mnemonic.Vpbroadcastd or Mnemonic.Vpbroadcastq or
                Mnemonic.Vbroadcastf32x4 or Mnemonic.Vbroadcastf64x2 or Mnemonic.Vbroadcastf32x8 or Mnemonic.Vbroadcastf64x4 or
                Mnemonic.Vbroadcasti32x4 or Mnemonic.Vbroadcasti64x2 or Mnemonic.Vbroadcasti32x8 or Mnemonic.Vbroadcasti64x4 or
                Mnemonic.Vbroadcastf32x2 or Mnemonic.Vbroadcasti32x2:
                return VectorLoads.Broadcast(ref context);
            case Mnemonic.Kmovb or Mnemonic.Kmovw or Mnemonic.Kmovd or Mnemonic.Kmovq:
                return VectorLoads.LoadMask(ref context);
            default:
                return instruction.ConditionCode != ConditionCode.None && instruction.OpCount == 2 &&
                    IntegerLoads.LoadConditionally(ref context);
        }
    }
}
