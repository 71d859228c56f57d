using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>A protected kernel starts another one from inside of the guest, past the firmware and past the hypervisor.</summary>
[Collection(GuestCollection.Name)]
public sealed class KexecTests
{
    private const string ShellMark = "guest: shell is up";

    /// <summary>All guards are set: with them in place the second kernel would not come up at all.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void WhereThatIsAllowedTheOtherKernelIsProtectedInItsTurn(string qemu)
    {
        GuestRunResult run = Run(LinuxGuest.On(qemu) with { Attacks = ["idt"], PluginArguments = ["kexec=reset"] });

        LinuxGuest.AssertLife(run, "active kexec:released inactive active inactive");
        Assert.True(Count(run, ShellMark) == 2, run.Text());
        Assert.True(Count(run, "guest: attack idt: BLOCKED") == 2, run.Text());
        AttackOutcome[] attacks = [.. run.Outcomes];
        Assert.Equal("idt idt frame", string.Join(' ', attacks.Select(o => o.Attack.What)));
        foreach (AttackOutcome attack in attacks[..2])
            LinuxGuest.AssertTrueAlert(attack, run);
        Assert.True(run.Alerts.Count == 2, run.Text());

        // What the first kernel's table was belongs to the second one, to write as it likes; its own table is another one.
        Assert.Equal(attacks[0].Attack.Gpa, attacks[2].Attack.Gpa);
        Assert.Equal(GuestVerdict.Landed, attacks[2].Verdict);
        Assert.True(run.GuardedPages.Count == 0, run.Text());
        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
    }

    /// <summary>Whoever only imitates a kexec has the guards back with the next instruction of a user process.</summary>
    [Fact]
    public void AnImitationIsReportedAndEndsProtectionForAMomentOnly()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with
        {
            Attacks = ["handover", "idt"],
            PluginArguments = ["kexec=reset"],
        });

        LinuxGuest.AssertLife(run, "active kexec:released inactive active inactive");
        AssertWentOn(run);
        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        LinuxGuest.AssertTrueAlert(run.Outcomes.Single(), run);
        Assert.False(run.Errors.Any(), run.Text());
    }

    /// <summary>Unless it was asked for, nothing that looks like a kexec rids a guest of the guards.</summary>
    [Fact]
    public void OtherwiseTheGuardsStayAndItIsReported()
    {
        GuestRunResult run = Run(LinuxGuest.Options with { Attacks = ["handover", "idt"] });

        LinuxGuest.AssertLife(run, "active kexec:kept kexec:kept inactive");
        AssertWentOn(run);
        Assert.Equal(GuestVerdict.Blocked, run.Outcomes.Single().Verdict);
        Assert.True(run.Alerts.OfType<RegisterAlert>().Any(a => a is { Register: "CR0", Blocked: true }), run.Text());
        Assert.True(Count(run, ShellMark) == 1, run.Text());
        Assert.True(run is { PoweredDown: false, ExitCode: 0, TimedOut: false } && !run.Errors.Any(), run.Text());
    }

    private static GuestRunResult Run(GuestRunOptions options) => LinuxGuest.Run(options with
    {
        Images = options.Images with { Initramfs = LinuxGuest.Paths.KexecInitramfs },
        KernelArguments = "kexec=idt,frame",
    });

    private static void AssertWentOn(GuestRunResult run) => Assert.True(Count(run, "attack: the kernel goes on") == 1, run.Text());

    private static int Count(GuestRunResult run, string text) => run.GuestLines.Count(l => l.Contains(text, StringComparison.Ordinal));
}
