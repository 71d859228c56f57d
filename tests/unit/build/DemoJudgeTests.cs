using System;
using System.Collections.Generic;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class DemoJudgeTests
{
    private const string Attack =
        "attack: idt=0xfffffe0000000000 limit=0xfff vector=0xe1 gpa=0x142b4e10 alias=0xffffce1d40045e10"
        + " rip=0xffffffffc0288005 old=98081000008e40ad new=30801000008e28c0 cr0=0x80050033";

    private const string Alert =
        "introcore: [2.418] alert: class=ept cpu=0 rip=0xffffffffc0288005 cr3=0x3a2c000 cpl=0 gla=0xffffce1d40045e10"
        + " gpa=0x142b4e10 size=8 old=98081000008e40ad new=30801000008e28c0 gate=225 action=NotAllowed beta=0 mitre=1179"
        + " instruction=\"48 89 37  mov\"";

    private const string LoggedAlert =
        "introcore: [2.418] alert: class=ept cpu=0 rip=0xffffffffc0288005 gpa=0x142b4e10 action=Allowed beta=1";

    private const string Blocked = "attack: gate reads 98081000008e40ad through the IDT and 98081000008e40ad through the alias: write BLOCKED";

    private const string Landed =
        "attack: gate reads 30801000008e28c0 through the IDT and 30801000008e28c0 through the alias: write LANDED, restored";

    private const string PowerDown = "[    2.680198] reboot: Power down";

    [Fact]
    public void AGoodRunIsGood()
    {
        Assert.Null(DemoJudge.Complaint(Run(Attack, Alert, Blocked, PowerDown), DemoMode.Block));
        Assert.Null(DemoJudge.Complaint(Run(Attack, LoggedAlert, Landed, PowerDown), DemoMode.LogOnly));
        Assert.Null(DemoJudge.Complaint(Run(Attack, Landed, PowerDown), DemoMode.Unwatched));
    }

    [Fact]
    public void TheGuestsWordCounts()
    {
        Assert.Contains("LANDED", Complaint(DemoMode.Block, Attack, Alert, Landed, PowerDown), StringComparison.Ordinal);
        Assert.Contains("nothing", Complaint(DemoMode.Block, Attack, Alert, PowerDown), StringComparison.Ordinal);
        Assert.Contains("BLOCKED", Complaint(DemoMode.LogOnly, Attack, LoggedAlert, Blocked, PowerDown), StringComparison.Ordinal);
    }

    [Fact]
    public void TheAlertHasToBeAboutTheAttack()
    {
        string elsewhere = Alert.Replace("gpa=0x142b4e10", "gpa=0x142b4e20", StringComparison.Ordinal);
        string another = Alert.Replace("rip=0xffffffffc0288005", "rip=0xffffffffc0288008", StringComparison.Ordinal);

        Assert.NotNull(DemoJudge.Complaint(Run(Attack, Blocked, PowerDown), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(Attack, elsewhere, Blocked, PowerDown), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(Attack, another, Blocked, PowerDown), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(Attack, LoggedAlert, Blocked, PowerDown), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(Attack, Alert, Landed, PowerDown), DemoMode.LogOnly));
    }

    [Fact]
    public void TheRunHasToEndWell()
    {
        string[] lines = [Attack, Alert, Blocked, PowerDown];

        Assert.NotNull(DemoJudge.Complaint(Run(Attack, Alert, Blocked), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(), DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(lines) with { ExitCode = 1 }, DemoMode.Block));
        Assert.NotNull(DemoJudge.Complaint(Run(lines) with { TimedOut = true }, DemoMode.Block));
    }

    private static string Complaint(DemoMode mode, params string[] lines) => DemoJudge.Complaint(Run(lines), mode) ?? "";

    private static GuestRunResult Run(params IEnumerable<string> lines) => new()
    {
        CommandLine = "qemu",
        ExitCode = 0,
        TimedOut = false,
        Elapsed = TimeSpan.FromSeconds(1),
        Transcript = [.. lines.Select(Line)],
    };

    private static TranscriptLine Line(string text)
    {
        PluginEvent? parsed = PluginLineParser.Parse(text);
        return new TranscriptLine(TimeSpan.Zero, parsed is null ? LineSource.Guest : LineSource.Plugin, text, parsed);
    }
}
