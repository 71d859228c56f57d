using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Events;

/// <summary>
/// LIDT and LGDT, and the other instructions that exit with them (spec/12, section 5). The hypervisor completes the instruction itself,
/// so that its memory operand is judged as an access is that exits; then the hooks on the register are asked.
/// </summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU.</remarks>
internal sealed unsafe class DtrViolation
{
    /// <summary>With an operand size of 16 bits, the base has 24 (SDM 2A, LGDT/LIDT).</summary>
    private const ulong ShortBase = 0xFF_FFFF;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly EptViolation _eptViolation;
    private readonly RegisterHooks _hooks;
    private readonly GuestFaults _faults;
    private readonly FailPolicy _policy;

    public DtrViolation(
        Hypervisor hypervisor, GuestMemory memory, EptViolation eptViolation, RegisterHooks hooks, GuestFaults faults,
        FailPolicy policy)
    {
        _faults = faults;
        _policy = policy;
        _hypervisor = hypervisor;
        _memory = memory;
        _eptViolation = eptViolation;
        _hooks = hooks;
    }

    /// <summary>Judges a descriptor-table instruction. Retry: its bytes are not there, or are another instruction by now, or the guest
    /// gets a page fault for its operand.</summary>
    public IntStatus Handle(VcpuState* vcpu, InstructionUnit unit, DescriptorAccess flags, out IntroAction action)
    {
        action = IntroAction.Retry;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
        {
            action = Unknown(vcpu, unit, linear: 0, _policy.Others);
            return status;
        }

        status = unit.Decode(_memory, vcpu);
        if (status is IntStatus.PageNotPresent or IntStatus.NoMappingStructures)
            return IntStatus.Success;
        if (!status.IsSuccess())
            return status;
        if (!IsTableInstruction(unit.Current.Mnemonic, out bool loads))
            return IntStatus.Success;

        action = IntroAction.Allowed;
        if (unit.Current.Op0Kind != OpKind.Memory || !unit.TryGetOperandAddress(vcpu, out ulong linear))
            return IntStatus.Success;

        int size = OperandSize(vcpu, unit.Current.Mnemonic);
        if (_faults.RaiseForOperand(vcpu, linear, size, loads ? PageAccessKind.Read : PageAccessKind.Write))
        {
            action = IntroAction.Retry;
            return IntStatus.Success;
        }

        action = loads
            ? _eptViolation.AskLinear(vcpu, unit, linear, size, EptAccess.Read, default)
            : AskStore(vcpu, unit, linear, size);
        if (action != IntroAction.Allowed)
            return IntStatus.Success;

        // What the instruction is counts, and not what the exit says of it.
        return unit.Current.Mnemonic switch
        {
            Mnemonic.Lidt => AskHooks(vcpu, unit, linear, size, DescriptorAccess.Idtr, out action),
            Mnemonic.Lgdt => AskHooks(vcpu, unit, linear, size, DescriptorAccess.Gdtr, out action),
            _ => IntStatus.Success,
        };
    }

    /// <summary>Judges what SIDT, SGDT and their like store, with the bytes where they are known: those of SLDT and STR are selectors,
    /// which glues do not tell.</summary>
    [SkipLocalsInit]
    private IntroAction AskStore(VcpuState* vcpu, InstructionUnit unit, ulong linear, int size)
    {
        bool isKnown = unit.TryEmulate(_memory, vcpu, _hypervisor, out InstructionEffect effect) && effect.IsWhole &&
            effect.Linear == linear && effect.Size == size;
        ReadOnlySpan<byte> bytes = isKnown ? InstructionEffect.BytesOf(ref effect) : default;
        return _eptViolation.AskLinear(vcpu, unit, linear, size, EptAccess.Write, bytes);
    }

    /// <summary>Bytes of the operand in memory: a selector, or a limit and a base (SDM 2A, LGDT/LIDT; 2B, SGDT, SLDT).</summary>
    private static int OperandSize(VcpuState* vcpu, Mnemonic mnemonic) =>
        mnemonic is Mnemonic.Lldt or Mnemonic.Ltr or Mnemonic.Sldt or Mnemonic.Str ? sizeof(ushort)
        : sizeof(ushort) + (vcpu->CsType == IgCsType.Bits64 ? sizeof(ulong) : sizeof(uint));

    private static bool IsTableInstruction(Mnemonic mnemonic, out bool loads)
    {
        loads = mnemonic is Mnemonic.Lidt or Mnemonic.Lgdt or Mnemonic.Lldt or Mnemonic.Ltr;
        return loads || mnemonic is Mnemonic.Sidt or Mnemonic.Sgdt or Mnemonic.Sldt or Mnemonic.Str;
    }

    private IntStatus AskHooks(
        VcpuState* vcpu, InstructionUnit unit, ulong linear, int size, DescriptorAccess register, out IntroAction action)
    {
        action = IntroAction.Allowed;
        if (!_hooks.Has(RegisterKind.Dtr, (uint)register))
            return IntStatus.Success;

        // The register is guarded: without both tables, the load is closed.
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Tables);
        if (!status.IsSuccess())
        {
            action = Unknown(vcpu, unit, linear, _policy.Guarded);
            return status;
        }

        Span<byte> operand = stackalloc byte[sizeof(ushort) + sizeof(ulong)];
        operand.Clear();
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        if (LinearMemory.Read(_memory, in paging, linear, operand[..size], out _) < size)
        {
            // It would be read again after the verdict, by when it may be there.
            action = Unknown(vcpu, unit, linear, _policy.Guarded);
            return IntStatus.Success;
        }

        bool idtr = register == DescriptorAccess.Idtr;
        ulong tableBase = BitConverter.ToUInt64(operand[sizeof(ushort)..]);
        if (unit.Current.Code is Code.Lidt_m1632_16 or Code.Lgdt_m1632_16)
            tableBase &= ShortBase;
        RegisterWrite write = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Kind = RegisterKind.Dtr, Number = (uint)register, Access = MsrAccess.Write,
            Old = idtr ? vcpu->Regs.IdtBase : vcpu->Regs.GdtBase,
            OldLimit = (ushort)(idtr ? vcpu->Regs.IdtLimit : vcpu->Regs.GdtLimit),
            New = tableBase,
            NewLimit = BitConverter.ToUInt16(operand),
        };
        if (write.Old != write.New || write.OldLimit != write.NewLimit)
        {
            _hooks.Ask(ref write, out action);
            _hooks.Tell(ref write, action);
        }

        return IntStatus.Success;
    }

    private IntroAction Unknown(VcpuState* vcpu, InstructionUnit unit, ulong linear, IntroAction action)
    {
        FrameAccess access = new() { Vcpu = vcpu, Unit = unit, Memory = _memory, Access = EptAccess.Read, Gla = linear };
        return _eptViolation.Unknown(in access, action);
    }
}
