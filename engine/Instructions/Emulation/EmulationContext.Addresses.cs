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

    /// <summary>The offset, in its segment, of the memory operand with a ModRM byte or an address in the instruction.</summary>
    public readonly bool TryOffset(out ulong offset, out int addressSize)
    {
        if (!TryOffsetWithoutIndex(out offset, out addressSize))
            return false;
        if (Instruction.MemoryIndex != Register.None)
        {
            if (!TryGpr(Instruction.MemoryIndex, out ulong value))
                return false;
            offset = (offset + (value * (ulong)Instruction.MemoryIndexScale)) & FlagMath.Mask(addressSize);
        }

        return true;
    }

    /// <summary>The same with no index added, which may be a vector.</summary>
    public readonly bool TryOffsetWithoutIndex(out ulong offset, out int addressSize)
    {
        offset = 0;
        Register baseRegister = Instruction.MemoryBase;
        Register index = Instruction.MemoryIndex;
        addressSize = baseRegister != Register.None ? baseRegister.GetSize()
            : index.IsGPR() ? index.GetSize()
            : Instruction.MemoryDisplSize > 1 ? Instruction.MemoryDisplSize
            : 0;
        if (addressSize is not (2 or 4 or 8))
            return false;

        // Relative to RIP, the displacement is the sum already.
        offset = Instruction.MemoryDisplacement64;
        if (baseRegister is not (Register.None or Register.RIP or Register.EIP))
        {
            if (!TryGpr(baseRegister, out ulong value))
                return false;
            offset += value;
        }

        offset &= FlagMath.Mask(addressSize);
        return true;
    }

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
        linear = 0;
        if (Is64Bit)
        {
            ulong segmentBase = 0;
            if (segment >= Register.FS && !_registers.TryGetRegisterValue(segment, 0, 0, out segmentBase))
                return false;
            linear = segmentBase + offset;
            return IsCanonical(linear) && IsCanonical(linear + (ulong)size - 1);
        }

        if (!TrySegment(segment, out VcpuSegment cached) || !Allows(in cached, (uint)offset, size, isStore))
            return false;
        linear = (uint)(cached.Base + offset);
        return linear + (ulong)size - 1 <= uint.MaxValue;
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
        register = Register.RSP;
        if (!Is64Bit)
        {
            if (!TrySegment(Register.SS, out VcpuSegment stack))
            {
                value = 0;
                return false;
            }

            register = (stack.Attributes & BigSegment) != 0 ? Register.ESP : Register.SP;
        }

        return TryGpr(register, out value);
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
        ? IsCanonical(target)
        : TrySegment(Register.CS, out VcpuSegment code) && target <= code.Limit;

    private readonly bool IsCanonical(ulong linear)
    {
        int unused = (_vcpu->Regs.Cr4 & La57) != 0 ? 64 - 57 : 64 - 48;
        return (ulong)((long)(linear << unused) >> unused) == linear;
    }

    private readonly bool TrySegment(Register register, out VcpuSegment segment)
    {
        segment = default;
        if (register is < Register.ES or > Register.GS || (_vcpu->PushedMask & VcpuRegisters.Segments) == VcpuRegisters.None)
            return false;
        segment = _vcpu->Segments[RegisterValues.SegmentIndex(register)];
        return true;
    }

    /// <summary>Checks limit and type of a segment outside 64-bit code (SDM 3A, 5.3 and 5.5).</summary>
    private readonly bool Allows(in VcpuSegment segment, uint offset, int size, bool isStore)
    {
        const int Readable = 1 << 1, ExpandsDown = 1 << 2, Executable = 1 << 3, Present = 1 << 7;
        ulong last = (ulong)offset + (ulong)size - 1;
        int type = segment.Attributes;
        bool isCode = (type & Executable) != 0;
        if ((_vcpu->Regs.Cr0 & ProtectionEnable) != 0 && !(TryFlags(out ulong flags) && (flags & RFlags.Vm) != 0))
        {
            if ((type & Present) == 0 || ((type & Readable) == 0 && (isStore || isCode)) || (isStore && isCode))
                return false;
            if (!isCode && (type & ExpandsDown) != 0)
                return offset > segment.Limit && last <= ((type & BigSegment) != 0 ? uint.MaxValue : ushort.MaxValue);
        }

        return last <= segment.Limit;
    }

    private const ulong La57 = 1 << 12;
    private const ulong ProtectionEnable = 1;

    /// <summary>D/B among the access rights.</summary>
    private const int BigSegment = 1 << 14;
}
