using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build;
using Build.Debian;
using Build.Qemu;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Runs the test guest as the build program made it; whatever is missing fails the test with what to do.</summary>
internal static class LinuxGuest
{
    public static ProjectPaths Paths { get; } = ProjectPaths.Find();

    /// <summary>Under the installed QEMU.</summary>
    public static GuestRunOptions Options => GuestRunOptions.For(Paths);

    /// <summary>Under a QEMU of that version; skips the test, with the reason, where there is none.</summary>
    public static GuestRunOptions On(string qemu)
    {
        QemuChoice choice = QemuCatalog.Find(Paths, qemu);
        Assert.SkipWhen(choice.Program is null, choice.Reason);
        return Options with { Qemu = choice.Program! };
    }

    /// <summary>Linux 6.12 of Debian's backports; skips the test, with the reason, where that could not be fetched.</summary>
    public static GuestRunOptions WithLaterKernel()
    {
        GuestRunOptions options = On("10.0");
        bool isMissing = File.Exists(Paths.LaterKernelMissing);
        Assert.SkipWhen(isMissing, isMissing ? File.ReadAllText(Paths.LaterKernelMissing) : "");
        return options with { Images = options.Images with { Kernel = Paths.LaterKernel } };
    }

    public static GuestRunResult Run(GuestRunOptions options)
    {
        List<string> missing = [.. Requirements.Guest.Where(r => !r.IsMet()).Select(r => r.Package)];
        Assert.True(missing.Count == 0, $"install {string.Join(' ', missing)}, or run ./build.ps1 test, which does");
        string?[] files = [options.Images.Kernel, options.Images.Initramfs, options.Plugin, options.Library];
        foreach (string file in files.OfType<string>())
            Assert.True(File.Exists(file), $"{file} is not there: run ./build.ps1 test, which makes it");
        return GuestRun.Run(options);
    }

    /// <summary>The guest ran to its end, attacked, and each attack found what it was to find.</summary>
    public static void AssertEndedWith(GuestVerdict verdict, GuestRunResult run)
    {
        Assert.True(run is { TimedOut: false, ExitCode: 0, PoweredDown: true, Outcomes.Count: > 0 }, run.Text());
        Assert.True(run.Outcomes.All(o => o.Verdict == verdict), $"not each attack {verdict}\n{run.Text()}");
    }

    /// <summary>When protection began and ended, and at which sign of another kernel, one word each.</summary>
    public static void AssertLife(GuestRunResult run, string expected)
    {
        string life = string.Join(' ', run.Events
            .Where(e => e.Name is "active" or "inactive" or "kexec")
            .Select(e => e.Is("kexec") ? $"kexec:{e.Field("guards")}" : e.Name));
        Assert.True(string.Equals(expected, life, StringComparison.Ordinal), $"{life}\n{run.Text()}");
    }

    /// <summary>What became of the attack of that kind.</summary>
    public static AttackOutcome OutcomeOf(string kind, GuestRunResult run)
    {
        AttackOutcome[] those = [.. run.Outcomes.Where(o => string.Equals(o.Attack.What, kind, StringComparison.Ordinal))];
        Assert.True(those.Length == 1, $"{those.Length} attacks of kind {kind}\n{run.Text()}");
        return those[0];
    }

    /// <summary>The alert about an attack says what the module said beforehand.</summary>
    public static Alert AssertTrueAlert(AttackOutcome outcome, GuestRunResult run)
    {
        Alert? alert = outcome.Alert;
        Assert.True(alert is not null, $"{outcome.Attack.What}: no alert\n{run.Text()}");
        Assert.Equal(outcome.Attack.Rip, alert.Rip);
        Assert.True(Numbers.Same(outcome.Attack.Old, alert.Old), $"{outcome.Attack.Old} is not {alert.Old}\n{run.Text()}");
        Assert.True(Numbers.Same(outcome.Attack.New, alert.New), $"{outcome.Attack.New} is not {alert.New}\n{run.Text()}");
        Assert.Equal(0, alert.Cpl);
        if (alert is EptAlert store)
        {
            Assert.Equal((outcome.Attack.Gpa, outcome.Attack.Alias), (store.Gpa, store.Gla));
            Assert.Equal((outcome.Attack.Vector, 8), (store.Gate, store.Size));
        }

        return alert;
    }
}
