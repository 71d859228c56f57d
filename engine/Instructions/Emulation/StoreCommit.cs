using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Performs an emulated store: finds its frames with the rights that the instruction has, and writes its bytes. Both pages of a
/// store that crosses a page are known to take it before the first byte is written.
/// </summary>
internal static unsafe class StoreCommit
{
    private const ulong PageMask = 0xFFF;
    private const int PageSize = 0x1000;
    private const ulong LineMask = 63;
    private const ulong Cr0AlignmentMask = 1 << 18;
    private const ulong Dr7Enables = 0xFF;
    private const uint UserLevel = 3;

    /// <summary>
    /// Finds where the store goes; RFLAGS must be valid. False: the processor would raise an exception before or after it, or
    /// would have to write to paging entries, or an atomic store lies across two cache lines. Fills the bytes that a masked store
    /// leaves alone with what is there.
    /// </summary>
    public static bool TryPlace(GuestMemory memory, VcpuState* vcpu, ref InstructionEffect store, out StoreTarget target)
    {
        target = default;
        if (RaisesException(vcpu, in store) || (store.IsAtomic && (store.Linear & LineMask) + (ulong)store.Size > LineMask + 1))
            return false;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        int firstSize = Math.Min(store.Size, PageSize - (int)(store.Linear & PageMask));
        int secondSize = store.Size - firstSize;
        if ((store.ByteMask & (ulong.MaxValue >> (Limits.MaxStoreBytes - firstSize))) == 0)
            firstSize = 0;
        if (secondSize != 0 && (store.ByteMask >> (store.Size - secondSize)) == 0)
            secondSize = 0;

        ulong first = 0;
        ulong second = 0;
        if ((firstSize != 0 && !AccessRights.TryTranslate(memory, in paging, vcpu, store.Linear, AccessKind.Store, out first)) ||
            (secondSize != 0 && !AccessRights.TryTranslate(
                memory, in paging, vcpu, (store.Linear | PageMask) + 1, AccessKind.Store, out second)))
        {
            return false;
        }

        target = new StoreTarget(first, firstSize, second, secondSize);
        return IsSourceAccessed(memory, vcpu, in store, in paging) &&
            (store.IsWhole || TryFillGaps(memory, ref store, in target));
    }

    /// <summary>Writes the bytes.</summary>
    public static CommitOutcome Write(GuestMemory memory, ref InstructionEffect store, in StoreTarget target)
    {
        ReadOnlySpan<byte> bytes = InstructionEffect.BytesOf(ref store);
        if (store.IsAtomic)
        {
            return memory.Exchange(target.First, InstructionEffect.OldOf(ref store), bytes) switch
            {
                ExchangeOutcome.Done => CommitOutcome.Done,
                ExchangeOutcome.Differs => CommitOutcome.Changed,
                _ => CommitOutcome.Failed,
            };
        }

        ulong mask = store.ByteMask;
        if (target.SecondSize == 0 || target.FirstSize == 0)
        {
            ulong start = target.FirstSize != 0 ? target.First : target.Second - (ulong)(store.Size - target.SecondSize);
            return WriteRuns(memory, start, bytes, mask) ? CommitOutcome.Done : CommitOutcome.Failed;
        }

        // If the second half turns out not to be writable, the first is put back.
        Span<byte> before = stackalloc byte[Limits.MaxStoreBytes];
        before = before[..target.FirstSize];
        ulong low = mask & (ulong.MaxValue >> (Limits.MaxStoreBytes - target.FirstSize));
        if (memory.Read(target.First, before) < before.Length || !WriteRuns(memory, target.First, bytes[..target.FirstSize], low))
            return CommitOutcome.Failed;
        if (WriteRuns(memory, target.Second, bytes[target.FirstSize..], mask >> target.FirstSize))
            return CommitOutcome.Done;
        WriteRuns(memory, target.First, before, low);
        return CommitOutcome.Failed;
    }

    /// <summary>Puts the new values of registers into a set of them; tells which have changed.</summary>
    public static VcpuRegisters Apply(ref IgArchRegs regs, ref InstructionEffect store)
    {
        for (int i = 0; i < 16; i++)
        {
            if ((store.ChangedGprs & (1U << i)) != 0)
                Unsafe.Add(ref regs.Rax, i) = store.Gprs[i];
        }

        // An instruction that has ended clears RF (SDM 3B, 17.3.1.1).
        ulong flags = (regs.Flags & ~store.ChangedFlags) | store.Flags;
        if (!store.IsRepeated)
            flags &= ~RFlags.Rf;
        VcpuRegisters changed = (VcpuRegisters)store.ChangedGprs | VcpuRegisters.Rip;
        if (flags != regs.Flags)
            changed |= VcpuRegisters.Flags;
        regs.Flags = flags;
        regs.Rip = store.NextRip;
        return changed;
    }

    private static bool WriteRuns(GuestMemory memory, ulong gpa, ReadOnlySpan<byte> bytes, ulong mask)
    {
        while (mask != 0)
        {
            int start = BitOperations.TrailingZeroCount(mask);
            int length = BitOperations.TrailingZeroCount(~(mask >> start));
            length = Math.Min(length, bytes.Length - start);
            if (memory.Write(gpa + (ulong)start, bytes.Slice(start, length)) < length)
                return false;
            if (start + length >= Limits.MaxStoreBytes)
                break;
            mask &= ulong.MaxValue << (start + length);
        }

        return true;
    }

    /// <summary>Debug and alignment exceptions (SDM 3B, 17.2; 3A, 6.15).</summary>
    private static bool RaisesException(VcpuState* vcpu, in InstructionEffect store)
    {
        ulong flags = vcpu->Regs.Flags;
        bool isAligned = (store.Linear & (ulong)(store.Size - 1)) == 0 && BitOperations.IsPow2(store.Size);
        return (flags & RFlags.Tf) != 0 ||
            ((vcpu->PushedMask & VcpuRegisters.Dr7) != VcpuRegisters.None && (vcpu->Regs.Dr7 & Dr7Enables) != 0) ||
            (!isAligned && vcpu->Cpl == UserLevel && (vcpu->Regs.Cr0 & Cr0AlignmentMask) != 0 && (flags & RFlags.Ac) != 0);
    }

    private static bool IsSourceAccessed(GuestMemory memory, VcpuState* vcpu, in InstructionEffect store, in PagingContext paging)
    {
        if (store.SourceSize == 0)
            return true;
        ulong last = store.SourceLinear + (ulong)store.SourceSize - 1;
        return AccessRights.TryTranslate(memory, in paging, vcpu, store.SourceLinear, AccessKind.Read, out _) &&
            (((store.SourceLinear ^ last) & ~PageMask) == 0 ||
                AccessRights.TryTranslate(memory, in paging, vcpu, last, AccessKind.Read, out _));
    }

    private static bool TryFillGaps(GuestMemory memory, ref InstructionEffect store, in StoreTarget target)
    {
        Span<byte> there = stackalloc byte[Limits.MaxStoreBytes];
        there = there[..store.Size];
        there.Clear();
        int start = store.Size - target.SecondSize;
        if (target.FirstSize != 0 && memory.Read(target.First, there[..target.FirstSize]) < target.FirstSize)
            return false;
        if (target.SecondSize != 0 && memory.Read(target.Second, there[start..]) < target.SecondSize)
            return false;

        Span<byte> bytes = InstructionEffect.BytesOf(ref store);
        for (int i = 0; i < bytes.Length; i++)
        {
            if ((store.ByteMask & (1UL << i)) == 0)
                bytes[i] = there[i];
        }

        return true;
    }
}
