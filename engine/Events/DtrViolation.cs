using System;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Events;

/// <summary>
/// LIDT and LGDT, and the other instructions that exit with them (spec/12, section 5). The memory operand is looked up in the frame
/// hooks, since the hypervisor completes the instruction itself; then the hooks on the register are asked.
/// </summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU.</remarks>
internal sealed unsafe class DtrViolation
{
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly EptViolation _eptViolation;
    private readonly RegisterHooks _hooks;

    public DtrViolation(Hypervisor hypervisor, GuestMemory memory, EptViolation eptViolation, RegisterHooks hooks)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _eptViolation = eptViolation;
        _hooks = hooks;
    }

    /// <summary>Judges a descriptor-table instruction. Retry: its bytes are not there, or are another instruction by now.</summary>
    public IntStatus Handle(VcpuState* vcpu, InstructionUnit unit, DescriptorAccess flags, out IntroAction action)
    {
        action = IntroAction.Retry;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
        {
            action = IntroAction.Allowed;
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

        int size = sizeof(ushort) + (vcpu->CsType == IgCsType.Bits64 ? sizeof(ulong) : sizeof(uint));
        action = _eptViolation.AskLinear(vcpu, unit, linear, size, loads ? EptAccess.Read : EptAccess.Write);
        uint register = (uint)(flags & (DescriptorAccess.Idtr | DescriptorAccess.Gdtr));
        if (action != IntroAction.Allowed || register == 0 || (flags & DescriptorAccess.Write) == DescriptorAccess.None)
            return IntStatus.Success;

        return AskHooks(vcpu, unit, linear, size, (DescriptorAccess)register, out action);
    }

    private static bool IsTableInstruction(Mnemonic mnemonic, out bool loads)
    {
        loads = mnemonic is Mnemonic.Lidt or Mnemonic.Lgdt or Mnemonic.Lldt or Mnemonic.Ltr;
        return loads || mnemonic is Mnemonic.Sidt or Mnemonic.Sgdt or Mnemonic.Sldt or Mnemonic.Str;
    }

    private IntStatus AskHooks(
        VcpuState* vcpu, InstructionUnit unit, ulong linear, int size, DescriptorAccess register, out IntroAction action)
    {
        action = IntroAction.Allowed;
        IgArchRegs before = default;
        IntStatus status = _hypervisor.Query(QueryInfoClass.RegisterState, vcpu->Index, ref before);
        if (!status.IsSuccess())
            return status;

        Span<byte> operand = stackalloc byte[sizeof(ushort) + sizeof(ulong)];
        operand.Clear();
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        if (LinearMemory.Read(_memory, in paging, linear, operand[..size], out _) < size)
        {
            // The instruction will fault by itself.
            return IntStatus.Success;
        }

        bool idtr = register == DescriptorAccess.Idtr;
        RegisterWrite write = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Kind = RegisterKind.Dtr, Number = (uint)register,
            Old = idtr ? before.IdtBase : before.GdtBase,
            OldLimit = (ushort)(idtr ? before.IdtLimit : before.GdtLimit),
            New = BitConverter.ToUInt64(operand[sizeof(ushort)..]),
            NewLimit = BitConverter.ToUInt16(operand),
        };
        if (write.Old != write.New || write.OldLimit != write.NewLimit)
            _hooks.Ask(ref write, out action);
        return IntStatus.Success;
    }
}
