using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Engine;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>What an alert about a write says.</summary>
public sealed unsafe class AlertRaiserTests : IDisposable
{
    private const ulong Gate = TestMachine.IdtFrame + 0x430;

    private readonly TestMachine _machine = new(vcpus: 2);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AnAlertIsComplete()
    {
        _machine.Host.Regs[1].Rip = TestMachine.CodeLinear + 0x123;
        _machine.Ram.WriteBytes(TestMachine.CodeFrame + 0x123, 0x48, 0x89, 0x37);
        _machine.Host.Regs[1].Rdi = TestMachine.Alias(Gate);
        _machine.Host.Regs[1].Rsi = 0x1122_3344_5566_7788;
        _machine.Host.Regs[1].Rbx = 0xBBBB;
        _machine.Ram.Write(Gate, 0x0102_0304_0506_0708UL);
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 0x1122_3344_5566_7788, vcpu: 1));

        Assert.Equal(1, _machine.Alerts.Count);
        Assert.Equal(((uint)IntroEventType.EptViolation, (nuint)12408), (_machine.Alerts.LastClass, _machine.Alerts.LastSize));
        ref EventEptViolation alert = ref _machine.Alerts[0];
        Assert.Equal(IntroViolationHeader.CurrentVersion, alert.Header.ViolationVersion);
        Assert.Equal(
            (EngineVersion.Major, EngineVersion.Minor, EngineVersion.Patch),
            (alert.Header.VerInfo.IntroMajor, alert.Header.VerInfo.IntroMinor, alert.Header.VerInfo.IntroRevision));
        Assert.Equal((IntroAction.NotAllowed, IntroActionReason.NoException), (alert.Header.Action, alert.Header.Reason));
        Assert.Equal((AlertFlags.None, MitreId.Rootkit), (alert.Header.Flags, alert.Header.MitreID));

        ref IntroCpuCtx cpu = ref alert.Header.CpuContext;
        Assert.Equal((1, 1U), (cpu.Valid, cpu.Cpu));
        Assert.Equal((TestMachine.CodeLinear + 0x123, TestMachine.Cr3), (cpu.Rip, cpu.Cr3));
        fixed (byte* text = cpu.Instruction)
            Assert.Equal("48 89 37  mov", Marshal.PtrToStringUTF8((nint)text));

        Assert.Equal((IntroObjectType.Idt, (byte)3), (alert.VictimType, alert.VictimIdtEntry));
        Assert.Equal(IntroEptAccessType.Write, alert.Violation);
        Assert.Equal((TestMachine.IdtLinear + 0x400, TestMachine.IdtFrame + 0x400), (alert.HookStartVirtual, alert.HookStartPhysical));
        Assert.Equal((TestMachine.Alias(TestMachine.IdtFrame), TestMachine.IdtFrame), (alert.VirtualPage, alert.PhysicalPage));
        Assert.Equal((0x430U, ZoneFlags.Write), (alert.Offset, alert.ZoneTypes));
        Assert.Equal(8U, alert.WriteInfo.Size);
        fixed (ulong* before = alert.WriteInfo.OldValue, after = alert.WriteInfo.NewValue)
        {
            Assert.Equal((0x0102_0304_0506_0708UL, 0x1122_3344_5566_7788UL), (*before, *after));
            Assert.Equal((0UL, 0UL), (before[1], after[7]));
        }

        Assert.Equal(IgCsType.Bits64, alert.ExecContext.CsType);
        Assert.Equal((0xBBBBUL, TestMachine.Alias(Gate)), (alert.ExecContext.Registers.RegRbx, alert.ExecContext.Registers.RegRdi));
        Assert.Equal(TestMachine.CodeLinear + 0x123, alert.ExecContext.Registers.RegRip);
        fixed (byte* code = alert.ExecContext.RipCode)
            Assert.Equal((0x48, 0x89, 0x37, 0), (code[0x123], code[0x124], code[0x125], code[0x126]));
    }

    [Fact]
    public void AStoreByUserCodeSaysSo()
    {
        _machine.Host.Cpl[0] = 3;
        _machine.Store(Gate, 1);
        Assert.Equal(AlertFlags.NotRing0, _machine.Alerts[0].Header.Flags);
    }

    [Fact]
    public void CodeThatIsNotThereIsShownAsNothing()
    {
        _machine.Tables.Spoil(TestMachine.CodeLinear, 1, clear: 1);
        _machine.Store(Gate, 1);
        ref EventEptViolation alert = ref _machine.Alerts[0];
        fixed (byte* text = alert.Header.CpuContext.Instruction, code = alert.ExecContext.RipCode)
        {
            Assert.Equal("", Marshal.PtrToStringUTF8((nint)text));
            Assert.True(new Span<byte>(code, IntroExecContext.RipCodeLength).IndexOfAnyExcept((byte)0) < 0);
        }
    }

    [Fact]
    public void ALineInTheLogTellsTheSame()
    {
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Store(Gate, 0x1122);
        string line = Assert.Single(_machine.Host.Log.Lines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.Contains("interrupt descriptor table written at 20430 by vcpu 0", line, StringComparison.Ordinal);
        Assert.Contains("[48 89 37  mov]", line, StringComparison.Ordinal);
        Assert.Contains("old 0000000000000000 new 2211000000000000: blocked", line, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAlertThatTheGlueRefusesChangesNoVerdict()
    {
        _machine.Alerts.Answer = IntStatus.InsufficientResources;
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.Contains(_machine.Host.Log.Lines, line => line.Contains("INT_STATUS_INSUFFICIENT_RESOURCES", StringComparison.Ordinal));
    }

    [Fact]
    public void AFloodIsBlockedButNotReported()
    {
        long start = Environment.TickCount64;
        for (int i = 0; i < 5000; i++)
            Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, (ulong)i + 1));
        long most = Limits.AlertBurst + 1 + (Limits.AlertsPerSecond * (Environment.TickCount64 - start + 16) / 1000);
        Assert.InRange(_machine.Alerts.Count, Limits.AlertBurst, most);

        // A line for each, with one more about those that were dropped before it, and those of the start.
        Assert.InRange(_machine.Host.Log.Count, Limits.AlertBurst, (2 * most) + 20);
    }

    [Fact]
    public void DroppedAlertsAreAnnouncedOnce()
    {
        for (int i = 0; i < Limits.AlertBurst + 50; i++)
            _machine.Store(Gate, 1);
        Thread.Sleep(60);
        _machine.Store(Gate, 1);
        _machine.Store(Gate, 1);
        string[] announced = [.. _machine.Host.Log.Lines.Where(line => line.Contains("alerts were dropped", StringComparison.Ordinal))];
        Assert.NotEmpty(announced);
        long sum = announced.Sum(line => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.Equal(_machine.Guest.Alerts.Dropped, sum);
    }

    [Fact]
    public void WhatACallbackDoesMeanwhileIsRefusedAndHarmless()
    {
        // The callback runs inside the exit: its vCPU is busy, another one is not.
        IntStatus same = IntStatus.Success;
        _machine.Alerts.OnAlert = () =>
        {
            _machine.Alerts.OnAlert = null;
            same = _machine.Guest.Enter(0, VcpuStateKind.EptViolation, IntStatus.InvalidParameter5);
            _machine.Store(Gate + 8, 5, vcpu: 1);
        };
        Assert.Equal(IntroAction.NotAllowed, _machine.Store(Gate, 1));
        Assert.Equal(IntStatus.Busy, same);
        Assert.Equal(2, _machine.Alerts.Count);
        Assert.Equal(3, _machine.Alerts[1].VictimIdtEntry);
    }
}
