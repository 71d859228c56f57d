using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// EPT violations of page tables that the #VE agent in the guest raises to the engine (IntDispatchVeAsEpt; spec/12, section 6): the
/// interrupted code's registers and the new value of the entry are in the agent's information page.
/// </summary>
/// <remarks>
/// <para>The page is guest memory: it is read once, checked, and written once at the end. The store is judged before it lands: an
/// allowed one is performed here, by compare-exchange; of one that is not allowed the page's NewValue becomes what the entry holds, so
/// that the agent, which stores that afterwards, changes nothing.</para>
/// <para>Meanwhile the record has the interrupted code's registers (VeContext): changes of them go to the page and not to the
/// hypervisor. Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU.</para>
/// </remarks>
internal sealed unsafe partial class RaisedViolations
{
    private const uint EptViolationReason = 48;
    private const ulong QualifiesRead = 1;
    private const ulong QualifiesWrite = 1 << 1;
    private const ulong QualifiesFetch = 1 << 2;
    private const ulong QualifiesTranslated = 1 << 8;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly EptViolation _eptViolation;

    public RaisedViolations(Hypervisor hypervisor, GuestMemory memory, EptViolation eptViolation)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _eptViolation = eptViolation;
    }

    /// <summary>What the guest's model knows; null: nothing.</summary>
    public IVeGuest? Guest { get; set; }

    /// <summary>
    /// Handles the violation that the agent has raised on a vCPU. <see cref="IntStatus.NotFound"/>: there is no information page, or no
    /// process of its CR3; <see cref="IntStatus.AccessViolation"/>: the page is not in memory;
    /// <see cref="IntStatus.InvalidDataValue"/>: it does not tell of a violation; the glue's status, if it does not give registers.
    /// </summary>
    [SkipLocalsInit]
    public IntStatus Dispatch(VcpuState* vcpu, InstructionUnit unit)
    {
        if (vcpu->VeInfoPage == 0)
            return IntStatus.NotFound;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient | VcpuRegisters.Flags);
        if (!status.IsSuccess())
            return status;

        VeCpu page;
        if (_memory.Read(vcpu->VeInfoPage, new Span<byte>(&page, sizeof(VeCpu))) < sizeof(VeCpu))
            return IntStatus.AccessViolation;
        if (page.Reason != EptViolationReason)
            return IntStatus.InvalidDataValue;
        return (page.Qualification & QualifiesTranslated) == 0
            ? MarkUserTable(vcpu, in page)
            : DispatchAccess(vcpu, unit, &page);
    }

    private IntStatus DispatchAccess(VcpuState* vcpu, InstructionUnit unit, VeCpu* page)
    {
        if ((page->GuestPhysicalAddress & (sizeof(ulong) - 1)) != 0)
            return IntStatus.InvalidDataValue;

        VcpuStateKind state = vcpu->State;
        VcpuRegisters pushed = vcpu->PushedMask;
        uint eptIndex = vcpu->EptpIndex;
        IgArchRegs agent = vcpu->Regs;
        using PauseScope pause = Guest is { } guest && guest.IsAgentRemapped(page->GuestLinearAddress)
            ? PauseScope.TakeInExit(_hypervisor)
            : default;
        vcpu->State = VcpuStateKind.EptViolation;
        vcpu->VeContext = 1;
        vcpu->EptpIndex = 0;
        vcpu->PushedMask |= VcpuRegisters.EptpIndex;
        TakeRegisters(ref vcpu->Regs, page);
        try
        {
            unit.DecodeSaved(vcpu, new ReadOnlySpan<byte>(page->Instruction, 16));
            Judge(vcpu, unit, page);
        }
        finally
        {
            GiveRegisters(page, in vcpu->Regs);
            WriteBack(vcpu->VeInfoPage, page);
            vcpu->PtEmuBuffer = default;
            vcpu->Regs = agent;
            vcpu->PushedMask = pushed;
            vcpu->EptpIndex = eptIndex;
            vcpu->VeContext = 0;
            vcpu->State = state;
        }

        return IntStatus.Success;
    }

    private void Judge(VcpuState* vcpu, InstructionUnit unit, VeCpu* page)
    {
        ulong qualification = page->Qualification;
        if ((qualification & QualifiesWrite) != 0)
        {
            JudgeStore(vcpu, unit, page);
            return;
        }

        // Nothing can be done against it here: the hooks learn of it.
        FrameAccess access = Access(vcpu, unit, page, (qualification & QualifiesFetch) != 0 ? EptAccess.Execute : EptAccess.Read);
        _eptViolation.TellReported(ref access, _eptViolation.AskReported(ref access));
    }

    /// <summary>Judges the store and performs it, or keeps the agent from it. If the entry changes meanwhile, it is judged again; if it
    /// goes on changing, the agent performs what was allowed every time.</summary>
    private void JudgeStore(VcpuState* vcpu, InstructionUnit unit, VeCpu* page)
    {
        ulong gpa = page->GuestPhysicalAddress;
        for (int attempt = 0; attempt < Limits.MaxStoreAttempts; attempt++)
        {
            if (!_memory.TryRead(gpa, out ulong now))
                return;

            ulong asked = page->NewValue;
            vcpu->PtEmuBuffer = new VcpuPtEmuBuffer { Old = now, New = asked, Valid = 1, Emulated = 1 };
            FrameAccess access = Access(vcpu, unit, page, EptAccess.Read | EptAccess.Write);
            access.Data = new ReadOnlySpan<byte>(&asked, sizeof(ulong));
            IntroAction action = _eptViolation.AskReported(ref access);
            bool allowed = action != IntroAction.NotAllowed;
            _eptViolation.TellReported(ref access, allowed ? IntroAction.AllowedVirtual : action);
            if (!allowed)
            {
                page->NewValue = now;
                return;
            }

            if (_memory.Exchange(gpa, new ReadOnlySpan<byte>(&now, sizeof(ulong)), new ReadOnlySpan<byte>(&asked, sizeof(ulong))) ==
                ExchangeOutcome.Done)
            {
                return;
            }
        }
    }

    private FrameAccess Access(VcpuState* vcpu, InstructionUnit unit, VeCpu* page, EptAccess kinds) => new()
    {
        Vcpu = vcpu, Unit = unit, Memory = _memory, Access = kinds,
        Gpa = page->GuestPhysicalAddress, Gla = page->GuestLinearAddress, Size = sizeof(ulong),
        Store = new StoreOperand(page->GuestLinearAddress, sizeof(ulong)),
    };

    private static void TakeRegisters(ref IgArchRegs regs, VeCpu* page)
    {
        for (int i = 0; i < 16; i++)
            Unsafe.Add(ref regs.Rax, i) = page->Registers.Gprs[i];
        regs.Rip = page->Registers.Rip;
        regs.Flags = page->Registers.Rflags;
    }

    private static void GiveRegisters(VeCpu* page, in IgArchRegs regs)
    {
        for (int i = 0; i < 16; i++)
            page->Registers.Gprs[i] = Unsafe.Add(ref Unsafe.AsRef(in regs.Rax), i);
        page->Registers.Rip = regs.Rip;
        page->Registers.Rflags = regs.Flags;
    }

    /// <summary>Writes what the engine may change of the page, and nothing else: the agent may be writing to the rest.</summary>
    private void WriteBack(ulong gpa, VeCpu* page)
    {
        Write(gpa, page, (byte*)page->Registers.Gprs, 17 * sizeof(ulong));
        Write(gpa, page, (byte*)&page->Registers.Rflags, sizeof(ulong));
        Write(gpa, page, (byte*)&page->NewValue, sizeof(ulong));
    }

    private void Write(ulong gpa, VeCpu* page, byte* from, int size) =>
        _memory.Write(gpa + (ulong)(from - (byte*)page), new ReadOnlySpan<byte>(from, size));
}
