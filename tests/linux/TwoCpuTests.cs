using System;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>Two CPUs of a guest that run at the same time.</summary>
[Collection(GuestCollection.Name)]
public sealed class TwoCpuTests
{
    private const int Cpus = 2;
    private const int StoresOfEach = 2000;

    /// <summary>The engine's Limits.AlertBurst.</summary>
    private const int Burst = 256;

    /// <summary>The single attacks afterwards are alerts again: then the engine says what it has left out.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void NoStoreIsLostOrJudgedTwiceWhenBothAttackAtOnce(string qemu)
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with
        {
            Cpus = Cpus,
            Attacks = ["both", "idt", "rmw"],
            AttackParameters = [$"stores={StoresOfEach}"],
        });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        foreach (int cpu in Enumerable.Range(0, Cpus))
        {
            string done = $"attack: cpu={cpu} vector=0x{LinuxGuest.OutcomeOf("both", run).Attack.Vector + cpu:x} "
                + $"stores={StoresOfEach} landed=0";
            Assert.True(run.GuestLines.Any(l => l.EndsWith(done, StringComparison.Ordinal)), $"no '{done}'\n{run.Text()}");
        }

        const ulong Stores = (Cpus * StoresOfEach) + 2;
        Assert.NotNull(run.Stats);
        Assert.Equal((Stores, Stores), (run.Stats.Stores, run.Stats.Blocked));

        Assert.InRange(run.Alerts.Count, Burst, (int)Stores / 2);
        Assert.Equal((int)Stores, run.Alerts.Count + run.DroppedAlerts);
        // The burst may be used up by the CPU that began before the other one runs at all; that both stored says the guest above.
        Assert.All(run.Alerts, a => Assert.InRange(a.Cpu, 0, Cpus - 1));
        Assert.Equal(DemoInstructions.Of("rmw"), InstructionText.Of(run.Alerts[^1].Instruction, run.Alerts[^1].Rip));
        LinuxGuest.AssertTrueAlert(LinuxGuest.OutcomeOf("rmw", run), run);
        Assert.False(run.Errors.Any(), run.Text());
    }

    /// <summary>Protection ends and starts again and again beside an honest workload, which must not notice.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void ProtectionCanBeEndedAndStartedWhileTheyWork(string qemu)
    {
        // More than fit into the run: how many do depends on the machine's speed.
        const int Restarts = 1000;
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with
        {
            Cpus = Cpus,
            PluginArguments = [$"stress={Restarts}"],
            KernelArguments = "work=20",
        });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        LinuxGuest.AssertTrueAlert(run.Outcomes[0], run);
        Assert.NotNull(run.Stats);
        Assert.Equal(run.Events.Count(e => e.Is("active")) - 1, (int)run.Stats.Restarts);
        Assert.True(RestartsDuringWork(run) >= 20, $"{RestartsDuringWork(run)} restarts during the workload\n{run.Text()}");
        Assert.Equal(run.Events.Count(e => e.Is("active")), run.Events.Count(e => e.Is("inactive")));
        Assert.True(run.GuardedPages.Count == 0, run.Text());
        Assert.True(run.Alerts.Count == 1 && !run.Errors.Any(), run.Text());

        string work = run.GuestLines.Single(l => l.Contains("work done: ", StringComparison.Ordinal));
        string[] sums = [.. work.Split(' ').Where(w => w.Length == 32)];
        Assert.True(sums.Length == Cpus + 1 && sums.Distinct(StringComparer.Ordinal).Count() == 1 && !work.Contains("failed", StringComparison.Ordinal), work);
    }

    private static int RestartsDuringWork(GuestRunResult run) => run.Transcript
        .SkipWhile(l => !l.Text.Contains("guest: shell is up", StringComparison.Ordinal))
        .TakeWhile(l => !l.Text.Contains("guest: work done", StringComparison.Ordinal))
        .Count(l => l.Event?.Is("active") == true);
}
