using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions.Emulation;

/// <summary>
/// Performs an emulated store: finds its frames with the rights that the instruction has, and writes its bytes. All pages that a
/// store lies in are known to take it before the first byte is written.
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
    /// Finds where the store goes, as pieces in the workspace; RFLAGS must be valid. False: the processor would raise an exception
    /// before or after it, or would have to write to paging entries, or an atomic store lies across two cache lines. Fills the
    /// bytes that a masked store leaves alone with what is there.
    /// </summary>
    public static bool TryPlace(GuestMemory memory, VcpuState* vcpu, ref InstructionEffect store, EmulationWorkspace workspace)
    {
        workspace.ClearPieces();
        if (RaisesException(vcpu, in store) || (store.IsAtomic && (store.Linear & LineMask) + (ulong)store.Size > LineMask + 1))
            return false;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        if (!IsAccessed(memory, vcpu, in paging, store.SourceLinear, store.SourceSize) ||
            !IsAccessed(memory, vcpu, in paging, store.SecondSourceLinear, store.SecondSourceSize))
        {
            return false;
        }

        if (store.RunCount == 0)
        {
            return TryPlaceRun(memory, vcpu, in paging, new StoreRun(store.Linear, 0, store.Size), store.ByteMask, workspace) &&
                (store.Size == 0 || store.IsWhole || TryFillGaps(memory, ref store, workspace));
        }

        for (int i = 0; i < store.RunCount; i++)
        {
            if (!TryPlaceRun(memory, vcpu, in paging, workspace.Runs[i], null, workspace))
                return false;
        }

        return true;
    }

    /// <summary>Writes the bytes to the pieces that were found. If one of them turns out not to be writable, those before it are put
    /// back.</summary>
    public static CommitOutcome Write(GuestMemory memory, ref InstructionEffect store, EmulationWorkspace workspace)
    {
        ReadOnlySpan<StorePiece> pieces = workspace.Pieces;
        ReadOnlySpan<byte> bytes = InstructionEffect.BytesOf(ref store, workspace);
        if (store.IsAtomic)
        {
            return memory.Exchange(pieces[0].Gpa, InstructionEffect.OldOf(ref store), bytes) switch
            {
                ExchangeOutcome.Done => CommitOutcome.Done,
                ExchangeOutcome.Differs => CommitOutcome.Changed,
                _ => CommitOutcome.Failed,
            };
        }

        if (pieces.Length > 1 && !TryKeep(memory, pieces, workspace.Before))
            return CommitOutcome.Failed;
        for (int i = 0; i < pieces.Length; i++)
        {
            ref readonly StorePiece piece = ref pieces[i];
            if (WriteRuns(memory, in piece, bytes))
                continue;
            while (--i >= 0)
                WriteRuns(memory, in pieces[i], workspace.Before);
            return CommitOutcome.Failed;
        }

        return CommitOutcome.Done;
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

    /// <summary>Cuts a run into pieces, each in one page and not longer than Limits.MaxStoreBytes. <paramref name="masked"/>: the
    /// bytes that are stored, of a run that is no longer than that; a page without any is not looked for. Null: all.</summary>
    private static bool TryPlaceRun(
        GuestMemory memory, VcpuState* vcpu, in PagingContext paging, in StoreRun run, ulong? masked, EmulationWorkspace workspace)
    {
        ulong page = 0;
        ulong frame = 0;
        bool hasFrame = false;
        for (int done = 0, size; done < run.Size; done += size)
        {
            ulong linear = run.Linear + (ulong)done;
            size = Math.Min(Math.Min(run.Size - done, PageSize - (int)(linear & PageMask)), Limits.MaxStoreBytes);
            ulong stored = ulong.MaxValue >> (Limits.MaxStoreBytes - size);
            if (masked is { } mask)
                stored &= mask >> done;
            if (stored == 0)
                continue;

            // One translation a page.
            if (!hasFrame || page != (linear & ~PageMask))
            {
                page = linear & ~PageMask;
                hasFrame = AccessRights.TryTranslate(memory, in paging, vcpu, page, AccessKind.Store, out frame);
            }

            StorePiece piece = new(frame | (linear & PageMask), linear, run.Offset + done, size, stored);
            if (!hasFrame || !workspace.TryAddPiece(in piece))
                return false;
        }

        return true;
    }

    private static bool TryKeep(GuestMemory memory, ReadOnlySpan<StorePiece> pieces, Span<byte> before)
    {
        foreach (ref readonly StorePiece piece in pieces)
        {
            if (memory.Read(piece.Gpa, before.Slice(piece.Offset, piece.Size)) < piece.Size)
                return false;
        }

        return true;
    }

    private static bool WriteRuns(GuestMemory memory, in StorePiece piece, ReadOnlySpan<byte> bytes)
    {
        ulong mask = piece.Mask;
        while (mask != 0)
        {
            int start = BitOperations.TrailingZeroCount(mask);
            int length = BitOperations.TrailingZeroCount(~(mask >> start));
            length = Math.Min(length, piece.Size - start);
            if (memory.Write(piece.Gpa + (ulong)start, bytes.Slice(piece.Offset + start, length)) < length)
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
        bool isAligned = store.Size == 0 || (store.RunCount == 0 && BitOperations.IsPow2(store.Size) &&
            (store.Linear & (ulong)(store.Size - 1)) == 0);
        return (flags & RFlags.Tf) != 0 ||
            ((vcpu->PushedMask & VcpuRegisters.Dr7) != VcpuRegisters.None && (vcpu->Regs.Dr7 & Dr7Enables) != 0) ||
            (!isAligned && vcpu->Cpl == UserLevel && (vcpu->Regs.Cr0 & Cr0AlignmentMask) != 0 && (flags & RFlags.Ac) != 0);
    }

    private static bool IsAccessed(GuestMemory memory, VcpuState* vcpu, in PagingContext paging, ulong linear, int size)
    {
        if (size == 0)
            return true;
        ulong last = linear + (ulong)size - 1;
        return AccessRights.TryTranslate(memory, in paging, vcpu, linear, AccessKind.Read, out _) &&
            (((linear ^ last) & ~PageMask) == 0 || AccessRights.TryTranslate(memory, in paging, vcpu, last, AccessKind.Read, out _));
    }

    private static bool TryFillGaps(GuestMemory memory, ref InstructionEffect store, EmulationWorkspace workspace)
    {
        Span<byte> bytes = InstructionEffect.BytesOf(ref store);
        Span<byte> there = stackalloc byte[Limits.MaxStoreBytes];
        foreach (ref readonly StorePiece piece in workspace.Pieces)
        {
            if (memory.Read(piece.Gpa, there[..piece.Size]) < piece.Size)
                return false;
            for (int i = 0; i < piece.Size; i++)
            {
                if ((piece.Mask & (1UL << i)) == 0)
                    bytes[piece.Offset + i] = there[i];
            }
        }

        return true;
    }
}
