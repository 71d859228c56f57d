using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>A guest that is put back to where it was once is protected there, whatever became of it in between.</summary>
[Collection(GuestCollection.Name)]
public sealed class SnapshotTests
{
    private const string Snapshot = "here";

    /// <summary>Restored under protection, after a reset, and into a QEMU that has just been started.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void ARestoredGuestIsProtected(string qemu)
    {
        using SnapshotImage image = new();
        GuestRunOptions options = LinuxGuest.On(qemu) with
        {
            Attacks = ["idt", "lstar", "cr0wp"],
            KernelArguments = "ask=1",
            MayReboot = true,
            MemoryMiB = 256,
            QemuArguments = image.QemuArguments,
            Script = SaveAndRestore,
        };
        GuestRunResult run = LinuxGuest.Run(options);
        LinuxGuest.AssertLife(run, "active inactive active inactive");
        AssertBlocked(run, "idt lstar lstar lstar cr0wp");
        Assert.True(run.Events.Count(e => e.Text.Contains("the guest starts over", StringComparison.Ordinal)) == 1, run.Text());
        Assert.Equal(1UL, run.Stats!.Restarts);

        run = LinuxGuest.Run(options with { QemuArguments = [.. image.QemuArguments, "-loadvm", Snapshot], Script = GoOn });
        LinuxGuest.AssertLife(run, "active inactive");
        AssertBlocked(run, "lstar cr0wp");
    }

    private static void SaveAndRestore(GuestConsole guest)
    {
        guest.WaitFor("guest: ready for attack idt");
        guest.Type("");
        guest.WaitFor("guest: ready for attack lstar");
        Assert.Equal("", guest.Monitor($"savevm {Snapshot}"));

        guest.Type("");
        guest.WaitFor("guest: ready for attack cr0wp");
        Assert.Equal("", guest.Monitor($"loadvm {Snapshot}"));

        guest.Type("");
        guest.WaitFor("guest: ready for attack cr0wp", count: 2);
        Assert.Equal("", guest.Monitor("system_reset"));
        guest.WaitFor("inactive: ");
        Assert.Equal("", guest.Monitor($"loadvm {Snapshot}"));

        guest.Type("");
        guest.WaitFor("guest: ready for attack cr0wp", count: 3);
        guest.Type("");
    }

    private static void GoOn(GuestConsole guest)
    {
        guest.Type("");
        guest.WaitFor("guest: ready for attack cr0wp");
        guest.Type("");
    }

    /// <summary>Nothing else was, and the counts go on over what was restored.</summary>
    private static void AssertBlocked(GuestRunResult run, string kinds)
    {
        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        Assert.Equal(kinds, string.Join(' ', run.Outcomes.Select(o => o.Attack.What)));
        Assert.All(run.Outcomes, outcome => LinuxGuest.AssertTrueAlert(outcome, run));
        Assert.Equal(run.Outcomes.Count, run.Alerts.Count);
        Assert.Equal((ulong)run.Outcomes.Count, run.Stats!.Blocked);
        Assert.True(run.GuardedPages.Count == 0 && !run.Errors.Any(), run.Text());
    }
}
