using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>A guest that starts over is protected again, with the tables that it has then.</summary>
[Collection(GuestCollection.Name)]
public sealed class RestartTests
{
    [Fact]
    public void AMachineThatWasResetIsProtectedAgain()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with
        {
            Attacks = ["idt"],
            KernelArguments = "restart=once",
            MayReboot = true,
        });

        int Count(string text) => run.Transcript.Count(line => line.Text.Contains(text, StringComparison.Ordinal));
        Assert.True(Count("guest: restarting") == 1, run.Text());
        Assert.True(Count("guest: attack idt: BLOCKED") == 2, run.Text());
        Assert.True(run.Events.Count(e => e.Is("active")) == 2, run.Text());
        Assert.True(run.Events.Count(e => e.Is("inactive")) == 2, run.Text());
        Assert.True(run.Events.Count(e => e.Is("alert")) == 2, run.Text());

        // Both kernels guard their own table: the addresses are random at each boot.
        Assert.True(run.Events.Count(e => e.Is("guard")) == run.Events.Count(e => e.Is("unguard")), run.Text());
        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
    }
}
