using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build;
using Build.Debian;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Runs the test guest as the build program made it; whatever is missing fails the test with what to do.</summary>
internal static class LinuxGuest
{
    public static ProjectPaths Paths { get; } = ProjectPaths.Find();

    public static GuestRunOptions Options => GuestRunOptions.For(Paths);

    public static GuestRunResult Run(GuestRunOptions options)
    {
        List<string> missing = [.. Requirements.Guest.Where(r => !r.IsMet()).Select(r => r.Package)];
        Assert.True(missing.Count == 0, $"install {string.Join(' ', missing)}, or run ./build.ps1 test, which does");
        string?[] files = [options.Images.Kernel, options.Images.Initramfs, options.Plugin, options.Library];
        foreach (string file in files.OfType<string>())
            Assert.True(File.Exists(file), $"{file} is not there: run ./build.ps1 test, which makes it");
        return GuestRun.Run(options);
    }

    /// <summary>The guest ran to its end, attacked, and found what it was to find.</summary>
    public static void AssertEndedWith(GuestVerdict verdict, GuestRunResult run)
    {
        Assert.True(run is { TimedOut: false, ExitCode: 0, PoweredDown: true, Attack: not null }, run.Text());
        Assert.True(run.Verdict == verdict, $"the guest says {run.Verdict}\n{run.Text()}");
    }

    /// <summary>The one alert about the attack that the guest announced.</summary>
    public static EptAlert AssertOneAlert(GuestRunResult run)
    {
        AttackLine attack = Assert.IsType<AttackLine>(run.Attack);
        EptAlert[] alerts = [.. run.Alerts.Where(a => a.Gpa == attack.Gpa && string.Equals(a.New, attack.New, StringComparison.Ordinal))];
        Assert.True(alerts.Length == 1, $"{alerts.Length} alerts about the attack\n{run.Text()}");
        return alerts[0];
    }
}
