using System.Runtime.CompilerServices;
using Engine.Instructions.Emulation.Vectors;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Computes what an instruction does that stores to memory or reads it, from the decoded instruction, the vCPU's record and memory.
/// One file a family of mnemonics; what is in none of them is not emulated, and the caller's fail policy answers. A value that is
/// not certain is not given.
/// </summary>
/// <remarks>
/// <para>Faults that the processor raises before it stores (alignment, limits, absent pages of what is read) end in "not
/// emulated". Nothing is allocated. Thread safety: no state.</para>
/// </remarks>
internal static unsafe partial class InstructionEmulator
{
    /// <summary>Emulates one instruction, or one iteration of a repeated one. What the record holds counts as far as PushedMask says
    /// so. <paramref name="workspace"/>: extended state that was begun for this instruction, and room.</summary>
    [SkipLocalsInit]
    public static bool TryEmulate(
        in Instruction instruction, RegisterValues registers, GuestMemory memory, VcpuState* vcpu, EmulationWorkspace workspace,
        out InstructionEffect store)
    {
        Unsafe.SkipInit(out store);
        EmulationContext context = new(in instruction, registers, memory, vcpu, workspace, ref store);
        store.Reset(context.AfterInstruction);
        return IsLoad(in instruction) ? DispatchLoads(ref context) : Dispatch(ref context);
    }

    private static bool Dispatch(ref EmulationContext context)
    {
        ref readonly Instruction instruction = ref context.Instruction;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Mov or Mnemonic.Movnti or Mnemonic.Movbe or Mnemonic.Movdiri:
                return MoveStores.Emulate(ref context);
            case Mnemonic.Add or Mnemonic.Adc or Mnemonic.Sub or Mnemonic.Sbb or Mnemonic.And or Mnemonic.Or or Mnemonic.Xor:
                return ArithmeticStores.Emulate(ref context);
            case Mnemonic.Not or Mnemonic.Neg or Mnemonic.Inc or Mnemonic.Dec:
                return UnaryStores.Emulate(ref context);
            case Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc:
                return BitStores.Emulate(ref context);
            case Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar:
                return ShiftStores.Emulate(ref context);
            case Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr:
                return RotateStores.Emulate(ref context);
            case Mnemonic.Shld or Mnemonic.Shrd:
                return DoubleShiftStores.Emulate(ref context);
            case Mnemonic.Xchg or Mnemonic.Xadd or Mnemonic.Cmpxchg:
                return ExchangeStores.Emulate(ref context);
            case Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b:
                return WideExchangeStores.Emulate(ref context);
            case Mnemonic.Stosb or Mnemonic.Stosw or Mnemonic.Stosd or Mnemonic.Stosq or
                Mnemonic.Movsb or Mnemonic.Movsw or Mnemonic.Movsq:
                return StringStores.Emulate(ref context);
            case Mnemonic.Movsd:
                return instruction.IsStringInstruction
                    ? StringStores.Emulate(ref context)
                    : VectorStores.Emulate(ref context, first: 0, isAligned: false);
            case Mnemonic.Push or Mnemonic.Pusha or Mnemonic.Pushad or Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq or
                Mnemonic.Pop:
                return StackStores.Emulate(ref context);
            case Mnemonic.Movdir64b:
                return LineStores.MoveLine(ref context);
            case Mnemonic.Clzero:
                return LineStores.ClearLine(ref context);
            case Mnemonic.Aadd or Mnemonic.Aand or Mnemonic.Aor or Mnemonic.Axor:
                return RemoteStores.Emulate(ref context);
            case Mnemonic.Sgdt or Mnemonic.Sidt:
                return SystemStores.StoreTable(ref context);
            case Mnemonic.Smsw:
                return SystemStores.StoreMachineStatus(ref context);
            case Mnemonic.Call or Mnemonic.Enter:
                return FrameStores.Emulate(ref context);
            default:
                if (instruction.ConditionCode == ConditionCode.None || instruction.Op0Kind != OpKind.Memory)
                    return DispatchState(ref context);
                return instruction.Encoding == EncodingKind.VEX
                    ? RemoteStores.CompareAndAdd(ref context)
                    : ConditionStores.Emulate(ref context);
        }
    }
}
