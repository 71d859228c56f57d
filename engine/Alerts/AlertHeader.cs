using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Alerts;

/// <summary>The parts that all alerts have in common (spec/43, section 8).</summary>
internal static unsafe class AlertHeader
{
    private const ulong PageMask = 0xFFF;

    /// <summary>Fills the head of an alert that a vCPU caused, or nobody (null). Registers and instruction are those in its
    /// record.</summary>
    public static void Fill(
        ref IntroViolationHeader header, VcpuState* vcpu, IntroAction verdict, IntroActionReason reason, MitreId mitre, bool logOnly)
    {
        header.ViolationVersion = IntroViolationHeader.CurrentVersion;
        header.VerInfo.IntroMajor = EngineVersion.Major;
        header.VerInfo.IntroMinor = EngineVersion.Minor;
        header.VerInfo.IntroRevision = EngineVersion.Patch;
        header.Action = verdict;
        header.Reason = reason;
        header.MitreID = mitre;
        header.Flags = logOnly ? AlertFlags.Beta : AlertFlags.None;
        if (vcpu == null)
        {
            header.CpuContext.Cpu = uint.MaxValue;
            header.Flags |= AlertFlags.Async;
            return;
        }

        if (vcpu->Cpl != 0)
            header.Flags |= AlertFlags.NotRing0;
        header.CpuContext.Valid = 1;
        header.CpuContext.Cpu = vcpu->Index;
        header.CpuContext.Rip = vcpu->Regs.Rip;
        header.CpuContext.Cr3 = vcpu->Regs.Cr3;
        fixed (byte* text = header.CpuContext.Instruction)
            InstructionText.Write(in vcpu->Instruction, new Span<byte>(text, IntroCpuCtx.InstructionLength));
    }

    /// <summary>Fills registers and the page of code around RIP, from the vCPU's record and memory. Registers that were neither
    /// pushed nor asked for are zero: an alert asks for nothing more.</summary>
    public static void Fill(ref IntroExecContext context, VcpuState* vcpu, GuestMemory memory)
    {
        context.CsType = vcpu->CsType;
        ForgetUnknown(vcpu);

        // The first 160 bytes of both are RAX to RIP in the same order; a test holds them together.
        context.Registers = Unsafe.As<IgArchRegs, IntroGprs>(ref vcpu->Regs);
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        fixed (byte* code = context.RipCode)
        {
            Span<byte> page = new(code, IntroExecContext.RipCodeLength);
            int read = LinearMemory.Read(memory, in paging, vcpu->Regs.Rip & ~PageMask, page, out _);
            page[read..].Clear();
        }
    }

    /// <summary>Sets the registers of an alert that an exit can do without, and that are not known, to zero.</summary>
    private static void ForgetUnknown(VcpuState* vcpu)
    {
        VcpuRegisters known = vcpu->PushedMask;
        if ((known & VcpuRegisters.Cr2) == VcpuRegisters.None)
            vcpu->Regs.Cr2 = 0;
        if ((known & VcpuRegisters.Flags) == VcpuRegisters.None)
            vcpu->Regs.Flags = 0;
        if ((known & VcpuRegisters.Dr7) == VcpuRegisters.None)
            vcpu->Regs.Dr7 = 0;
    }
}
