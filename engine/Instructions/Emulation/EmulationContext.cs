using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <summary>
/// What the families work with: the decoded instruction, registers of the record, guest memory, and the result that they fill in.
/// The one seam between them and the rest of the engine.
/// </summary>
internal unsafe ref partial struct EmulationContext
{
    /// <summary>The instruction.</summary>
    public readonly ref readonly Instruction Instruction;

    /// <summary>What becomes of it.</summary>
    public readonly ref InstructionEffect Store;

    /// <summary>Room for what does not fit into <see cref="Store"/>.</summary>
    public readonly EmulationWorkspace Workspace;

    private readonly VcpuState* _vcpu;
    private readonly OperandAddressing _at;
    private readonly GuestMemory _memory;

    public EmulationContext(
        in Instruction instruction, RegisterValues registers, GuestMemory memory, VcpuState* vcpu, EmulationWorkspace workspace,
        ref InstructionEffect store)
    {
        Instruction = ref instruction;
        Store = ref store;
        Workspace = workspace;
        _vcpu = vcpu;
        _at = new OperandAddressing(registers, vcpu);
        _memory = memory;
    }

    /// <summary>Extended state of the vCPU.</summary>
    public readonly ExtendedState State => Workspace.State;

    /// <summary>Whether this is 64-bit code.</summary>
    public readonly bool Is64Bit => _at.Is64Bit;

    /// <summary>Address of the instruction in its segment.</summary>
    public readonly ulong Rip => _vcpu->Regs.Rip;

    /// <summary>Address of the instruction that follows.</summary>
    public readonly ulong AfterInstruction => TruncateRip(Rip + (ulong)Instruction.Length);

    /// <summary>Whether shadow stacks or indirect-branch tracking may be on: CR4.CET.</summary>
    public readonly bool HasControlFlowEnforcement => (_vcpu->Regs.Cr4 & (1 << 23)) != 0;

    /// <summary>Whether SGDT and its like fault outside of the kernel: CR4.UMIP.</summary>
    public readonly bool IsPreventedByUmip => _vcpu->Cpl != 0 && (_vcpu->Regs.Cr4 & (1 << 11)) != 0;

    /// <summary>CR0.</summary>
    public readonly ulong Cr0 => _vcpu->Regs.Cr0;

    /// <summary>Bytes of the instruction's memory operand.</summary>
    public readonly int OperandSize => Instruction.MemorySize.GetSize();

    /// <summary>RIP as this kind of code has it.</summary>
    public readonly ulong TruncateRip(ulong rip) => _vcpu->CsType switch
    {
        IgCsType.Bits64 => rip,
        IgCsType.Bits32 => (uint)rip,
        _ => (ushort)rip,
    };

    /// <summary>Reads a general-purpose register, or a part of one.</summary>
    public readonly bool TryGpr(Register register, out ulong value) => _at.TryGpr(register, out value);

    /// <summary>Reads RFLAGS.</summary>
    public readonly bool TryFlags(out ulong flags)
    {
        _ = Has(VcpuRegisters.Flags);
        return _at.TryFlags(out flags);
    }

    /// <summary>Whether registers are in the record, or can be fetched into it.</summary>
    private readonly bool Has(VcpuRegisters wanted) => (wanted & ~_vcpu->PushedMask) == VcpuRegisters.None ||
        (Workspace.Hypervisor is { } hypervisor && VcpuRegisterFile.Ensure(hypervisor, _vcpu, wanted).IsSuccess());

    /// <summary>Reads an operand that is a general-purpose register or an immediate, cut to a size.</summary>
    public readonly bool TryValue(int operand, int size, out ulong value)
    {
        OpKind kind = Instruction.GetOpKind(operand);
        bool known;
        if (kind == OpKind.Register)
        {
            known = TryGpr(Instruction.GetOpRegister(operand), out value);
        }
        else
        {
            known = kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64;
            value = known ? Instruction.GetImmediate(operand) : 0;
        }

        value &= FlagMath.Mask(size);
        return known;
    }

    /// <summary>Reads the selector in a segment register.</summary>
    public readonly bool TrySelector(Register register, out ulong value)
    {
        value = 0;
        if (!_at.TrySegment(register, out VcpuSegment segment))
            return false;
        value = segment.Selector;
        return true;
    }

    /// <summary>Registers with GDTR and IDTR among them.</summary>
    public readonly bool TryTables(out IgArchRegs tables)
    {
        bool known = Has(VcpuRegisters.Tables);
        tables = _vcpu->Regs;
        return known;
    }

    /// <summary>Sets a general-purpose register, or a part of one, as the processor does: 32 bits clear what is above, fewer leave it.
    /// Its value before must have been read.</summary>
    public readonly void SetGpr(Register register, ulong value)
    {
        int number = register.GetFullRegister() - Register.RAX;
        uint bit = 1U << number;
        ulong old = (Store.ChangedGprs & bit) != 0 ? Store.Gprs[number] : Unsafe.Add(ref _vcpu->Regs.Rax, number);
        Store.Gprs[number] = register.GetSize() switch
        {
            8 => value,
            4 => (uint)value,
            2 => (old & ~0xFFFFUL) | (ushort)value,
            _ => register is >= Register.AH and <= Register.BH
                ? (old & ~0xFF00UL) | ((ulong)(byte)value << 8)
                : (old & ~0xFFUL) | (byte)value,
        };
        Store.ChangedGprs |= bit;
    }

    /// <summary>Sets flags; what the architecture leaves open of them is taken from the decoder's tables.</summary>
    public readonly void SetFlags(ulong changed, ulong values)
    {
        Store.ChangedFlags = changed;
        Store.Flags = values & changed;
    }

    /// <summary>Notes which flags the architecture leaves open.</summary>
    public readonly void NoteUndefinedFlags() =>
        Store.UndefinedFlags = FlagMath.FromDecoder(Instruction.RflagsUndefined);

    /// <summary>Gives the bytes of the whole store as a number.</summary>
    public readonly bool Give(ulong value)
    {
        fixed (byte* bytes = Store.Bytes)
            *(ulong*)bytes = value;
        return true;
    }

    /// <summary>Reads the bytes that the store will replace, as a number of at most 8 bytes.</summary>
    public readonly bool TryReadTarget(out ulong value)
    {
        value = 0;
        if (Store.Size > sizeof(ulong) || !TryReadTarget())
            return false;
        fixed (byte* old = Store.Old)
            value = *(ulong*)old & FlagMath.Mask(Store.Size);
        return true;
    }

    /// <summary>Reads the bytes that the store will replace.</summary>
    public readonly bool TryReadTarget()
    {
        Store.ReadsTarget = true;
        Store.IsAtomic |= Instruction.HasLockPrefix;
        return TryRead(Store.Linear, InstructionEffect.OldOf(ref Store));
    }

    /// <summary>Reads the memory operand that the instruction names and does not store to, at most 8 bytes.</summary>
    public readonly bool TryReadOperand(int size, out ulong value)
    {
        value = 0;
        return TryOffset(out ulong offset, out _) &&
            TryLinear(Instruction.MemorySegment, offset, size, isStore: false, out ulong linear) &&
            TryReadSource(linear, size, out value);
    }

    /// <summary>The same with as many bytes as the span has, at a multiple of that where the processor wants it.</summary>
    public readonly bool TryReadOperand(Span<byte> bytes, bool isAligned) =>
        TryOffset(out ulong offset, out _) &&
        TryLinear(Instruction.MemorySegment, offset, bytes.Length, isStore: false, out ulong linear) &&
        (!isAligned || (linear & (ulong)(bytes.Length - 1)) == 0) && TryReadSource(linear, bytes);

    /// <summary>Reads what the instruction takes from memory besides the operand that it stores to, at most 8 bytes.</summary>
    public readonly bool TryReadSource(ulong linear, int size, out ulong value)
    {
        ulong read = 0;
        bool known = TryReadSource(linear, new Span<byte>(&read, size));
        value = read;
        return known;
    }

    /// <summary>Reads what the instruction takes from memory besides the operand that it stores to; from two places at most.</summary>
    public readonly bool TryReadSource(ulong linear, Span<byte> bytes)
    {
        if (Store.SecondSourceSize != 0)
            return false;
        if (Store.SourceSize == 0)
        {
            Store.SourceLinear = linear;
            Store.SourceSize = bytes.Length;
        }
        else
        {
            Store.SecondSourceLinear = linear;
            Store.SecondSourceSize = bytes.Length;
        }

        return TryRead(linear, bytes);
    }

    private readonly bool TryRead(ulong linear, Span<byte> bytes)
    {
        PagingContext paging = VcpuRegisterFile.Paging(_vcpu);
        ulong at = linear;
        for (Span<byte> rest = bytes; !rest.IsEmpty;)
        {
            if (!AccessRights.TryTranslate(_memory, in paging, _vcpu, at, AccessKind.Look, out ulong physical))
                return false;
            int inPage = (int)Math.Min((ulong)rest.Length, 0x1000 - (at & 0xFFF));
            if (_memory.Read(physical, rest[..inPage]) < inPage)
                return false;
            at += (ulong)inPage;
            rest = rest[inPage..];
        }

        if (Workspace.UsesPatch)
            Overlay(linear, bytes);
        return true;
    }

    /// <summary>Lets the bytes that the record's patch buffer has count instead of memory's.</summary>
    private readonly void Overlay(ulong linear, Span<byte> bytes)
    {
        ref VcpuPatchBuffer patch = ref _vcpu->PatchBuffer;
        ulong first = Math.Max(linear, patch.Gla);
        ulong end = Math.Min(linear + (ulong)bytes.Length, patch.Gla + Math.Min(patch.Size, Limits.MaxStoreBytes));
        if (first >= end)
            return;
        fixed (byte* data = patch.Data)
        {
            new ReadOnlySpan<byte>(data + (first - patch.Gla), (int)(end - first)).CopyTo(bytes[(int)(first - linear)..]);
        }

        Store.ReadsPatch = true;
    }
}
