using System.Linq;
using Engine.Abi;
using Engine.Protection;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>What happens where the hypervisor cannot trap.</summary>
public sealed unsafe class RegisterWatchTests
{
    private const GuestOptions All = GuestOptions.ProtectCr4 | GuestOptions.ProtectSyscallMsrs | GuestOptions.ProtectIdtr;

    [Fact]
    public void UntrappedRegistersAreWatchedAndUnreadableOnesNamed()
    {
        using RegisterMachine machine = Untrapped(host => host.Msrs[RegisterMachine.Lstar] = 0x1000);
        Assert.Equal(ProtectionState.Watched, StateOf(machine, "CR0"));
        Assert.Equal(ProtectionState.Watched, StateOf(machine, "CR4"));
        Assert.Equal(ProtectionState.Watched, StateOf(machine, "LSTAR"));
        Assert.Equal(ProtectionState.Watched, StateOf(machine, "IDTR"));
        Assert.Equal(ProtectionState.NotPossible, StateOf(machine, "STAR"));
        Assert.True(machine.Host.Registered["timer"]);
        Assert.Contains(machine.Guest.Log.Lines, line => line.Contains("CR4: cannot be trapped here", System.StringComparison.Ordinal));
        Assert.Contains(machine.Guest.Log.Lines, line => line.Contains("STAR: not guarded", System.StringComparison.Ordinal));
    }

    [Fact]
    public void AChangeIsSeenOnceAndSaysThatItWasNotBlocked()
    {
        using RegisterMachine machine = Untrapped(host => host.Msrs[RegisterMachine.Lstar] = 0x1000);
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        Assert.Empty(machine.Host.Alerts);

        machine.Regs.Cr4 &= ~(1UL << 20);
        machine.Host.Msrs[RegisterMachine.Lstar] = 0x2000;
        machine.Regs.IdtBase = 0x7000;
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        Assert.Equal(3, machine.Host.Alerts.Count);
        Assert.All(machine.Host.Alerts, entry =>
        {
            EventRegisterViolation alert = entry.Alert;
            Assert.Equal(AlertFlags.Async, alert.Header.Flags);
            Assert.Equal(IntroAction.Allowed, alert.Header.Action);
            Assert.Equal(0UL, alert.Header.CpuContext.Rip);
            Assert.Equal(0u, alert.Header.CpuContext.Cpu);
            Assert.Matches("^seen after [0-9]+ ms$", RegisterProtectionTests.TextOf(in alert));
        });
        Assert.Equal(2, machine.Host.Alerts.Select(entry => entry.Alert.WriteInfo.NewValue[0]).Count(value => value is 0x2000 or 0x7000));
    }

    [Fact]
    public void VcpusArePausedForTheComparisonAndResumed()
    {
        using RegisterMachine machine = Untrapped(_ => { });
        Assert.Equal((1, 1), (machine.Host.Pauses, machine.Host.Resumes));
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        Assert.Equal((2, 2), (machine.Host.Pauses, machine.Host.Resumes));
        Assert.Equal(IntStatus.Success, machine.Session.Stop(ignoreSafeness: false));
        Assert.False(machine.Host.Registered["timer"]);
    }

    [Fact]
    public void ARefusedExitIsWatched()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4, prepare: host => host.Refused.Add("CR4"));
        Assert.Equal(ProtectionState.Watched, StateOf(machine, "CR4"));
        Assert.False(machine.Host.Registered["cr"]);
    }

    [Fact]
    public void WhatIsTrappedIsNotComparedOnTheTimer()
    {
        using RegisterMachine machine = new(All & ~GuestOptions.ProtectIdtr, GuardOptions.Supported);
        machine.Regs.Cr4 = 0;
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        Assert.Empty(machine.Host.Alerts);
    }

    [Fact]
    public void ATableThatWasChangedBehindTheVerdictIsSeen()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr);
        Assert.Equal(ProtectionState.Prevented, StateOf(machine, "IDTR"));
        machine.Regs.IdtBase = 0x7000;
        Assert.Equal(IntStatus.Success, machine.Active.Timer());
        EventRegisterViolation alert = Assert.Single(machine.Host.Alerts).Alert;
        Assert.Equal(AlertFlags.Async, alert.Header.Flags);
        Assert.Equal(0x7000UL, alert.WriteInfo.NewValue[0]);
    }

    private static RegisterMachine Untrapped(System.Action<RegisterHost> prepare) => new(
        All, GuardOptions.Cr0Wp, prepare: prepare, trim: glue =>
        {
            glue.RegisterCrWriteHandler = null;
            glue.RegisterMSRHandler = null;
            glue.RegisterDtrHandler = null;
            return glue;
        });

    private static ProtectionState StateOf(RegisterMachine machine, string name) =>
        machine.Active.Reports.Single(report => string.Equals(report.Name, name, System.StringComparison.Ordinal)).State;
}
