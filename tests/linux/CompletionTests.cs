using System;
using System.Globalization;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>The engine performs the stores that it allows, in the place of a real kernel's instructions.</summary>
[Collection(GuestCollection.Name)]
public sealed class CompletionTests
{
    private const string Refetch = "completion=refetch";
    private const string Mark = "attack: ";
    private const string Sum = " stores do the same everywhere";

    /// <summary>The same instructions on memory that nobody watches, by QEMU, say what is right. Not with RCL and RCR on 7.2, which
    /// has changed the carry flag by the time when they store.</summary>
    [Theory]
    [InlineData("7.2", "forms")]
    [InlineData("10.0", "forms carry")]
    public void StoresOfManyFormsDoWhatTheyDoElsewhere(string qemu, string kinds)
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with
        {
            Attacks = kinds.Split(' '),
            EngineOptions = EngineOption.ProtectIdt | EngineOption.LogOnly,
            PluginArguments = [Refetch],
        });

        string[][] sums = [.. run.GuestLines.Where(l => l.EndsWith(Sum, StringComparison.Ordinal))
            .Select(l => l[(l.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Split(' '))];
        Assert.True(sums.Length == kinds.Split(' ').Length, run.Text());
        Assert.All(sums, words => Assert.True(string.Equals(words[0], words[2], StringComparison.Ordinal), run.Text()));
        ulong stores = (ulong)sums.Sum(words => long.Parse(words[2], CultureInfo.InvariantCulture));
        Assert.True(stores >= 100 && run.Events.Single(e => e.Is("stats")).Number("completed") >= stores, run.Text());
        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
    }

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void AttacksAreBlocked(string qemu)
    {
        string[] kinds = [.. AttackKinds.Demo, "unaligned", "rmw", "or"];
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.On(qemu) with { Attacks = kinds, PluginArguments = [Refetch] });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
        foreach (string kind in kinds)
        {
            Alert alert = LinuxGuest.AssertTrueAlert(LinuxGuest.OutcomeOf(kind, run), run);
            Assert.Equal(DemoInstructions.Of(kind), InstructionText.Of(alert.Instruction, alert.Rip));
        }

        Assert.True(run.Alerts.Count == kinds.Length && run.Alerts.All(a => a.Blocked) && !run.Errors.Any(), run.Text());
    }
}
