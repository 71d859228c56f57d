using System.Numerics;
using Engine.Abi;
using Engine.Instructions.Emulation;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// Addresses of operands (SDM 1, 3.7.5), from a vCPU's record: offsets, segments with their bases and limits, the stack pointer.
/// What is not valid in the record is not known.
/// </summary>
/// <remarks>A view of a record; used by the thread that claimed the vCPU.</remarks>
internal readonly unsafe ref struct OperandAddressing
{
    private const ulong La57 = 1 << 12;
    private const ulong ProtectionEnable = 1;

    /// <summary>D/B among a segment's access rights.</summary>
    private const int BigSegment = 1 << 14;

    private readonly VcpuState* _vcpu;
    private readonly RegisterValues _registers;

    public OperandAddressing(RegisterValues registers, VcpuState* vcpu)
    {
        _vcpu = vcpu;
        _registers = registers;
        registers.Vcpu = vcpu;
    }

    /// <summary>Whether this is 64-bit code.</summary>
    public bool Is64Bit => _vcpu->CsType == IgCsType.Bits64;

    /// <summary>Whether this is protected mode, and not virtual-8086 mode, as far as RFLAGS is known.</summary>
    public bool IsProtected => (_vcpu->Regs.Cr0 & ProtectionEnable) != 0 && !(TryFlags(out ulong flags) && (flags & RFlags.Vm) != 0);

    /// <summary>Reads a general-purpose register, or a part of one.</summary>
    public bool TryGpr(Register register, out ulong value)
    {
        value = 0;
        return register.IsGPR() && _registers.TryGetRegisterValue(register, 0, 0, out value);
    }

    /// <summary>Reads RFLAGS.</summary>
    public bool TryFlags(out ulong flags)
    {
        flags = _vcpu->Regs.Flags;
        return (_vcpu->PushedMask & VcpuRegisters.Flags) != VcpuRegisters.None;
    }

    /// <summary>Reads a segment register with what the processor caches of it.</summary>
    public bool TrySegment(Register register, out VcpuSegment segment)
    {
        segment = default;
        if (register is < Register.ES or > Register.GS || (_vcpu->PushedMask & VcpuRegisters.Segments) == VcpuRegisters.None)
            return false;
        segment = _vcpu->Segments[RegisterValues.SegmentIndex(register)];
        return true;
    }

    /// <summary>The 16-bit register with the number of bytes that an address, or a push, has.</summary>
    public static Register Sized(Register word, int size) => size switch
    {
        8 => word - Register.AX + Register.RAX,
        4 => word - Register.AX + Register.EAX,
        _ => word,
    };

    /// <summary>Bytes from an operand of 2, 4 or 8 bytes to the one of the same size that a bit number reaches, which is signed and as wide
    /// as the operand (SDM 1, 3.1.1.9, "bit string").</summary>
    public static ulong BitDisplacement(ulong number, int size)
    {
        int bits = 8 * size;
        long signed = (long)(number << (64 - bits)) >> (64 - bits);
        return (ulong)((signed >> BitOperations.Log2((uint)bits)) * size);
    }

    /// <summary>Bytes of an address of the memory operand with a ModRM byte or an address in the instruction; 0: it has none.</summary>
    public static int AddressSize(in Instruction instruction)
    {
        Register named = instruction.MemoryBase != Register.None ? instruction.MemoryBase : instruction.MemoryIndex;
        int size = named != Register.None && !named.IsVectorRegister() ? named.GetSize() : instruction.MemoryDisplSize;
        return size is 2 or 4 or 8 ? size : 0;
    }

    /// <summary>The offset of that operand in its segment; the elements of a vector of indexes are left out.</summary>
    public bool TryOffset(in Instruction instruction, out ulong offset, out int addressSize)
    {
        offset = 0;
        addressSize = AddressSize(in instruction);
        if (addressSize == 0)
            return false;

        // Relative to RIP, the displacement is the sum already.
        ulong sum = instruction.MemoryDisplacement64;
        Register baseRegister = instruction.MemoryBase;
        if (baseRegister is not (Register.None or Register.RIP or Register.EIP))
        {
            if (!TryGpr(baseRegister, out ulong value))
                return false;
            sum += value;
        }

        Register index = instruction.MemoryIndex;
        if (index != Register.None && !index.IsVectorRegister())
        {
            if (!TryGpr(index, out ulong value))
                return false;
            sum += value * (ulong)instruction.MemoryIndexScale;
        }

        offset = sum & FlagMath.Mask(addressSize);
        return true;
    }

    /// <summary>Linear address of [offset, offset + size) of a segment, and whether it may be accessed. Outside 64-bit code the run may
    /// go on at 0 after 4 GiB: processors differ in whether they allow that in a segment without a limit (SDM 3A, 5.3).</summary>
    public OperandState Locate(Register segment, ulong offset, int size, bool isStore, out ulong linear)
    {
        if (Is64Bit)
        {
            ulong segmentBase = 0;
            linear = 0;
            if (segment >= Register.FS && !_registers.TryGetRegisterValue(segment, 0, 0, out segmentBase))
                return OperandState.Unknown;
            linear = segmentBase + offset;
            return IsCanonical(linear) && IsCanonical(linear + (ulong)size - 1) ? OperandState.Known : OperandState.Faults;
        }

        linear = 0;
        if (!TrySegment(segment, out VcpuSegment cached))
            return OperandState.Unknown;
        linear = (uint)(cached.Base + offset);
        return Allows(in cached, (uint)offset, size, isStore) ? OperandState.Known : OperandState.Faults;
    }

    /// <summary>The stack pointer: RSP in 64-bit code, else ESP or SP, as SS says.</summary>
    public bool TryStackPointer(out Register register, out ulong value)
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

    /// <summary>Whether a linear address is one that 4- or 5-level paging has.</summary>
    public bool IsCanonical(ulong linear) => IsCanonical(_vcpu, linear);

    /// <summary>The same for any record; CR4 must be valid there.</summary>
    public static bool IsCanonical(VcpuState* vcpu, ulong linear)
    {
        int unused = (vcpu->Regs.Cr4 & La57) != 0 ? 64 - 57 : 64 - 48;
        return (ulong)((long)(linear << unused) >> unused) == linear;
    }

    /// <summary>Checks limit and type of a segment outside 64-bit code (SDM 3A, 5.3 and 5.5).</summary>
    private bool Allows(in VcpuSegment segment, uint offset, int size, bool isStore)
    {
        const int Readable = 1 << 1, ExpandsDown = 1 << 2, Executable = 1 << 3, Present = 1 << 7;
        ulong last = (ulong)offset + (ulong)size - 1;
        int type = segment.Attributes;
        bool isCode = (type & Executable) != 0;
        if (IsProtected)
        {
            if ((type & Present) == 0 || ((type & Readable) == 0 && (isStore || isCode)) || (isStore && isCode))
                return false;
            if (!isCode && (type & ExpandsDown) != 0)
                return offset > segment.Limit && last <= ((type & BigSegment) != 0 ? uint.MaxValue : ushort.MaxValue);
        }

        return segment.Limit == uint.MaxValue || last <= segment.Limit;
    }
}
