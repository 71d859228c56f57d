using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>The same attacks where they are let through: by being told to, or by nobody being there.</summary>
[Collection(GuestCollection.Name)]
public sealed class AllowedDemoTests
{
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void TheDemoSucceeds(string qemu)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.LogOnly);

        string? complaint = DemoJudge.Complaint(run, DemoMode.LogOnly, AttackKinds.Demo);
        Assert.True(complaint is null, $"{complaint}\n{run.Text()}");
        Assert.Equal(0UL, run.Stats?.Blocked);
    }

    [Theory]
    [MemberData(nameof(QemuVersions.WithDemoKinds), MemberType = typeof(QemuVersions))]
    public void TheAttackIsReportedAndLands(string qemu, string kind)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.LogOnly);
        AttackOutcome outcome = LinuxGuest.OutcomeOf(kind, run);
        Alert alert = LinuxGuest.AssertTrueAlert(outcome, run);

        Assert.Equal(GuestVerdict.Landed, outcome.Verdict);
        Assert.True(Numbers.Same(outcome.Attack.New, outcome.Reading!.Value), run.Text());
        Assert.True(alert.Beta, run.Text());
        Assert.False(alert.Blocked, run.Text());
        Assert.Equal(DemoInstructions.Of(kind), InstructionText.Of(alert.Instruction, alert.Rip));
    }

    /// <summary>Putting a gate or an MSR back is a change too; putting a bit or the own table back is none.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void WhatElseIsReportedUndoesAnAttack(string qemu)
    {
        GuestRunResult run = SharedRuns.Demo(qemu, DemoMode.LogOnly);
        Alert[] restoring = [.. run.Alerts.Where(a => run.Alerts.Any(a.Undoes)).Where(a => run.Outcomes.All(o => !a.IsAbout(o.Attack)))];

        Assert.Equal("ept msr", string.Join(' ', restoring.Select(a => a.Class)));
        Assert.True(run.Alerts.Count == AttackKinds.Demo.Count + restoring.Length, run.Text());
    }

    [Fact]
    public void WithoutTheEngineTheAttacksLandUnseen()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with { Plugin = null, Attacks = AttackKinds.Demo });

        Assert.Null(DemoJudge.Complaint(run, DemoMode.Unwatched, AttackKinds.Demo));
        LinuxGuest.AssertEndedWith(GuestVerdict.Landed, run);
    }
}
