using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Engine.Instructions;
using Engine.Vcpus;
using Iced.Intel;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Tests.Differential;

/// <summary>Tells for which reason the engine and Zydis differ about an instruction's operands. A reason counts only if the two differ
/// in just the way that it explains.</summary>
internal static unsafe class OperandDifferences
{
    private const ulong LineMask = 63;

    /// <summary>The reason; null: there is none.</summary>
    public static OperandDifference? Of(
        in Instruction instruction, VcpuState* vcpu, ReadOnlySpan<MemoryOperand> ours, ReadOnlySpan<ZydisOperand> theirs)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Nop or Mnemonic.Prefetcht0 or Mnemonic.Prefetcht1 or Mnemonic.Prefetcht2 or Mnemonic.Prefetchnta or
                Mnemonic.Prefetchw or Mnemonic.Invlpg:
                return When(ours.IsEmpty && theirs.Length == 1, OperandDifference.NothingAccessed);
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc:
                return When(
                    ours.Length == 1 && theirs.Length == 1 && IsBitString(in instruction, vcpu, in ours[0], in theirs[0]),
                    OperandDifference.BitString);
            case Mnemonic.Pop:
                return When(
                    ours.Length == 2 && theirs.Length == 2 && instruction.MemoryBase == Register.RSP &&
                    ours[1].Linear == theirs[0].Address + theirs[0].Size && ours[0].Linear == theirs[1].Address,
                    OperandDifference.PopRelativeToStack);
            case Mnemonic.Clflush or Mnemonic.Clflushopt or Mnemonic.Clwb:
                return When(
                    ours.Length == 1 && theirs.Length == 1 && ours[0].Linear == (theirs[0].Address & ~LineMask) && ours[0].Size == 64,
                    OperandDifference.CacheLine);
            case Mnemonic.Retf:
                return When(
                    ours.Length == 2 && theirs.Length == 1 && ours[0].Linear == theirs[0].Address &&
                    ours[0].Size == (int)theirs[0].Size && (ours[1].Access & OperandAccess.Conditional) != 0,
                    OperandDifference.OuterLevel);
            case Mnemonic.Int3 or Mnemonic.Int or Mnemonic.Int1:
                return When(ours.Length == 3 && theirs.IsEmpty, OperandDifference.InterruptFrame);
            case Mnemonic.Monitor or Mnemonic.Monitorx or Mnemonic.Encls or Mnemonic.Enclu or Mnemonic.Enclv:
                return When(ours.Length == 1 && theirs.IsEmpty, OperandDifference.ImpliedOperand);
            default:
                return null;
        }
    }

    private static OperandDifference? When(bool holds, OperandDifference reason) => holds ? reason : null;

    /// <summary>The operand is as many whole operands away as the signed bit number says.</summary>
    private static bool IsBitString(in Instruction instruction, VcpuState* vcpu, in MemoryOperand our, in ZydisOperand their)
    {
        Register register = instruction.Op1Register;
        ulong value = Unsafe.Add(ref vcpu->Regs.Rax, register.GetFullRegister() - Register.RAX);
        BigInteger number = our.Size switch { 2 => (short)value, 4 => (int)value, _ => (long)value };
        BigInteger bits = 8 * our.Size;
        BigInteger whole = (number - (((number % bits) + bits) % bits)) / 8;
        return our.Linear == (ulong)((their.LinearIn(vcpu) + whole) & ulong.MaxValue) && our.Size == (int)their.Size &&
            ((int)our.Access & 3) == (their.Access & 3);
    }
}
