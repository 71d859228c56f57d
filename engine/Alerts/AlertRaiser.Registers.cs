using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Engine.Abi;
using Engine.Hooks;
using Engine.Vcpus;

namespace Engine.Alerts;

/// <content>Alerts about registers.</content>
internal sealed unsafe partial class AlertRaiser
{
    /// <summary>Reports a write to a register that was trapped. The instruction is decoded here, for the text alone.</summary>
    public void RaiseRegister(ref RegisterWrite write, in RegisterAlert about)
    {
        if (TryBegin())
            BuildRegister(ref write, in about);
    }

    /// <remarks>A method of its own for the same reason as <see cref="BuildWrite"/>.</remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BuildRegister(ref RegisterWrite write, in RegisterAlert about)
    {
        VcpuState* vcpu = write.Vcpu;
        if (VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient).IsSuccess() && vcpu->Instruction.Length == 0)
            write.Unit.Decode(write.Memory, vcpu);

        Unsafe.SkipInit(out EventRegisterViolation alert);
        NativeMemory.Clear(&alert, (nuint)sizeof(EventRegisterViolation));
        AlertHeader.Fill(
            ref alert.Header, vcpu, about.Verdict, IntroActionReason.NoException, about.Mitre, _policy.KernelLogOnly);
        FillValues(ref alert, in about);
        AlertHeader.Fill(ref alert.ExecContext, vcpu, write.Memory);

        ReadOnlySpan<byte> instruction = MemoryMarshal.CreateReadOnlySpan(
            ref alert.Header.CpuContext.Instruction[0], IntroCpuCtx.InstructionLength);
        ReadOnlySpan<byte> outcome = about.Action == IntroAction.NotAllowed ? "blocked"u8 : "let through"u8;
        _hypervisor.Log.Write(
            IgLogLevel.Error,
            $"{about.Name} written by vcpu {vcpu->Index} rip {vcpu->Regs.Rip:x} cr3 {vcpu->Regs.Cr3:x} [{instruction}] old {about.Old:x} new {about.New:x}: {outcome}");
        Deliver(about.Type, ref alert);
    }

    /// <summary>Reports a changed register that could not be trapped and was found by the timer.</summary>
    public void RaiseSeen(uint vcpu, long milliseconds, in RegisterAlert about)
    {
        if (!TryBegin())
            return;

        Unsafe.SkipInit(out EventRegisterViolation alert);
        NativeMemory.Clear(&alert, (nuint)sizeof(EventRegisterViolation));
        AlertHeader.Fill(
            ref alert.Header, null, IntroAction.Allowed, IntroActionReason.NoException, about.Mitre, _policy.KernelLogOnly);
        alert.Header.CpuContext.Valid = 1;
        alert.Header.CpuContext.Cpu = vcpu;
        Span<byte> text = MemoryMarshal.CreateSpan(
            ref alert.Header.CpuContext.Instruction[0], IntroCpuCtx.InstructionLength - 1);
        Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"seen after {milliseconds} ms", out _);
        FillValues(ref alert, in about);
        _hypervisor.Log.Write(
            IgLogLevel.Error,
            $"{about.Name} of vcpu {vcpu} changed, old {about.Old:x} new {about.New:x}: seen after {milliseconds} ms, not blocked");
        Deliver(about.Type, ref alert);
    }

    private static void FillValues(ref EventRegisterViolation alert, in RegisterAlert about)
    {
        alert.Victim = about.Victim;
        alert.WriteInfo.OldValue[0] = about.Old;
        alert.WriteInfo.OldValue[1] = about.OldLimit;
        alert.WriteInfo.NewValue[0] = about.New;
        alert.WriteInfo.NewValue[1] = about.NewLimit;
        alert.WriteInfo.Size = (uint)about.Size;
    }
}
