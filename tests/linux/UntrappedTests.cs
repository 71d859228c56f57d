using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Where a hypervisor cannot trap writes to registers, the engine looks for itself, and says so.</summary>
[Collection(GuestCollection.Name)]
public sealed class UntrappedTests
{
    private static readonly string[] _kinds = ["cr0wp", "lstar", "smep", "lidt"];
    private static readonly string[] _registers =
        ["CR0", "CR4", "EFER", "STAR", "LSTAR", "CSTAR", "SFMASK", "SYSENTER_CS", "SYSENTER_ESP", "SYSENTER_EIP", "IDTR", "GDTR"];

    /// <summary>Twice the engine's period, for a machine that is busy.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(2);

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void AChangeThatStaysIsSeenByTheTimer(string qemu)
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with
        {
            Attacks = [.. _kinds, "idt"],
            AttackParameters = ["hold_ms=2500"],
            PluginArguments = ["untrapped=cr+msr+dtr"],
        });

        foreach (string kind in _kinds)
            AssertSeen(LinuxGuest.OutcomeOf(kind, run), run);
        AttackOutcome store = LinuxGuest.OutcomeOf("idt", run);
        Assert.Equal(GuestVerdict.Blocked, store.Verdict);
        Assert.True(LinuxGuest.AssertTrueAlert(store, run).Blocked, run.Text());
        foreach (string register in _registers)
            AssertDeclared(register, run);
        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
    }

    private static void AssertSeen(AttackOutcome outcome, GuestRunResult run)
    {
        Assert.Equal(GuestVerdict.Landed, outcome.Verdict);
        RegisterAlert? alert = outcome.Alert as RegisterAlert;
        Assert.True(alert is { Async: true, Blocked: false, Cpu: 0 }, $"{outcome.Attack.What}: not seen\n{run.Text()}");
        Assert.True(Numbers.Same(outcome.Attack.Old, alert.Old), run.Text());
        Assert.True(alert.SeenAfter is { } time && time > TimeSpan.Zero && time <= _longest, $"{alert.SeenAfter}\n{run.Text()}");
    }

    /// <summary>The start says what cannot be trapped.</summary>
    private static void AssertDeclared(string register, GuestRunResult run)
    {
        string start = $"warning: {register}: cannot be trapped here";
        Assert.True(
            run.Events.Any(e => e.Is("engine") && e.Text.StartsWith(start, StringComparison.Ordinal)), $"no '{start}'\n{run.Text()}");
    }
}
