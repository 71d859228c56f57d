using System;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <content>Addresses of operands (SDM 1, 3.7.5).</content>
internal unsafe ref partial struct EmulationContext
{
    /// <summary>Finds the memory operand that the instruction names, as the place of the store.</summary>
    public readonly bool TryTarget(int size) => TryOffset(out ulong offset, out _) && TryTarget(Instruction.MemorySegment, offset, size);

    /// <summary>Takes [offset, offset + size) of a segment as the place of the store.</summary>
    public readonly bool TryTarget(Register segment, ulong offset, int size)
    {
        if (size is <= 0 or > Limits.MaxStoreBytes || !TryLinear(segment, offset, size, isStore: true, out ulong linear))
            return false;

        Store.Linear = linear;
        Store.Size = size;
        Store.ByteMask = ulong.MaxValue >> (Limits.MaxStoreBytes - size);
        return true;
    }

    /// <summary>Linear address of the memory operand that the instruction names, which it stores to.</summary>
    public readonly bool TryLinearOperand(int size, out ulong linear)
    {
        linear = 0;
        return TryOffset(out ulong offset, out _) && TryLinear(Instruction.MemorySegment, offset, size, isStore: true, out linear);
    }

    /// <summary>Begins a store of several runs, whose bytes are in the workspace.</summary>
    public readonly Span<byte> BeginRuns(ulong linear, int size)
    {
        Store.Linear = linear;
        Store.Size = size;
        Store.RunCount = 0;
        return Workspace.Wide[..size];
    }

    /// <summary>Adds a run to it; one that is empty is none.</summary>
    public readonly void AddRun(ulong linear, int offset, int size)
    {
        if (size != 0)
            Workspace.Runs[Store.RunCount++] = new StoreRun(linear, offset, size);
    }

    /// <summary>The offset, in its segment, of the memory operand with a ModRM byte or an address in the instruction; the elements of
    /// a vector of indexes are left out.</summary>
    public readonly bool TryOffset(out ulong offset, out int addressSize) => _at.TryOffset(in Instruction, out offset, out addressSize);

    /// <summary>The offset that RDI, EDI or DI has, as an operand that is not named says.</summary>
    public readonly bool TryImpliedOffset(OpKind kind, out ulong offset) => TryGpr(
        kind switch
        {
            OpKind.MemorySegRDI => Register.RDI,
            OpKind.MemorySegEDI => Register.EDI,
            OpKind.MemorySegDI => Register.DI,
            _ => Register.None,
        },
        out offset);

    /// <summary>Linear address of [offset, offset + size) of a segment. False: it is not known, or the processor would raise an
    /// exception, or the run wraps around.</summary>
    public readonly bool TryLinear(Register segment, ulong offset, int size, bool isStore, out ulong linear)
    {
        if (!Is64Bit || segment >= Register.FS)
            _ = Has(VcpuRegisters.Segments);
        return _at.Locate(segment, offset, size, isStore, out linear) == OperandState.Known &&
            (Is64Bit || (linear + (ulong)size - 1 <= uint.MaxValue && (uint)offset + (ulong)size - 1 <= uint.MaxValue));
    }

    /// <summary>Finds where a push of some bytes goes, and sets the stack pointer.</summary>
    public readonly bool TryPush(int size)
    {
        if (!TryStackPointer(out Register register, out ulong pointer))
            return false;

        ulong mask = FlagMath.Mask(register.GetSize());
        ulong lowered = (pointer - (ulong)size) & mask;
        if (lowered + (ulong)size - 1 > mask || !TryTarget(Register.SS, lowered, size))
            return false;
        SetGpr(register, lowered);
        return true;
    }

    /// <summary>The stack pointer: RSP in 64-bit code, else ESP or SP, as SS says.</summary>
    public readonly bool TryStackPointer(out Register register, out ulong value)
    {
        if (!Is64Bit)
            _ = Has(VcpuRegisters.Segments);
        return _at.TryStackPointer(out register, out value);
    }

    /// <summary>Whether the stack can be written at an offset.</summary>
    public readonly bool IsStackWritable(ulong offset, int size)
    {
        PagingContext paging = VcpuRegisterFile.Paging(_vcpu);
        byte there = 0;
        return TryLinear(Register.SS, offset, size, isStore: true, out ulong linear) &&
            AccessRights.TryTranslate(_memory, in paging, _vcpu, linear, AccessKind.Store, out ulong physical) &&
            _memory.Read(physical, new Span<byte>(ref there)) == 1;
    }

    /// <summary>Whether a near branch may go there.</summary>
    public readonly bool IsBranchTarget(ulong target) => Is64Bit
        ? _at.IsCanonical(target)
        : _at.TrySegment(Register.CS, out VcpuSegment code) && target <= code.Limit;
}
