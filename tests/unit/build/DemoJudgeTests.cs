using System;
using Build.Runs;
using Xunit;
using static Tests.Unit.BuildProgram.Transcripts;

namespace Tests.Unit.BuildProgram;

public sealed class DemoJudgeTests
{
    private static readonly string[] _idt = ["idt"];
    private static readonly string[] _two = ["idt", "cr0wp"];

    [Fact]
    public void AGoodRunIsGood()
    {
        Assert.Null(DemoJudge.Complaint(Run(GateAttack, GateAlert, GateBlocked, PowerDown), DemoMode.Block, _idt));
        Assert.Null(DemoJudge.Complaint(Run(GateAttack, LoggedAlert, GateLanded, PowerDown), DemoMode.LogOnly, _idt));
        Assert.Null(DemoJudge.Complaint(Run(GateAttack, GateLanded, PowerDown), DemoMode.Unwatched, _idt));
    }

    [Fact]
    public void TheGuestsWordCounts()
    {
        Assert.Contains("LANDED", Complaint(DemoMode.Block, GateAttack, GateAlert, GateLanded, PowerDown), StringComparison.Ordinal);
        Assert.Contains("nothing", Complaint(DemoMode.Block, GateAttack, GateAlert, PowerDown), StringComparison.Ordinal);
        Assert.Contains("BLOCKED", Complaint(DemoMode.LogOnly, GateAttack, LoggedAlert, GateBlocked, PowerDown), StringComparison.Ordinal);
    }

    [Fact]
    public void TheAlertHasToBeAboutTheAttack()
    {
        string elsewhere = GateAlert.Replace("gpa=0x142b4e10", "gpa=0x142b4e20", StringComparison.Ordinal);
        string another = GateAlert.Replace("rip=0xffffffffc0288005", "rip=0xffffffffc0288008", StringComparison.Ordinal);

        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, GateBlocked, PowerDown), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, elsewhere, GateBlocked, PowerDown), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, another, GateBlocked, PowerDown), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, LoggedAlert, GateBlocked, PowerDown), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, GateAlert, GateLanded, PowerDown), DemoMode.LogOnly, _idt));
    }

    /// <summary>Lines of the plug-in may come earlier or later than those of the guest.</summary>
    [Fact]
    public void EachAttackIsJudgedByItself()
    {
        string[] lines = [GateAttack, Cr0Alert, GateBlocked, Cr0Attack, Cr0Blocked, GateAlert, PowerDown];
        string otherRegister = Cr0Alert.Replace("register=CR0", "register=CR4", StringComparison.Ordinal);
        string otherValue = Cr0Alert.Replace("new=0x80040033", "new=0x80050032", StringComparison.Ordinal);

        Assert.Null(DemoJudge.Complaint(Run(lines), DemoMode.Block, _two));
        Assert.StartsWith("cr0wp: ", Judge(GateAttack, GateAlert, GateBlocked, PowerDown), StringComparison.Ordinal);
        Assert.StartsWith("cr0wp: ", Judge(GateAttack, GateAlert, GateBlocked, Cr0Attack, Cr0Blocked, PowerDown), StringComparison.Ordinal);
        Assert.StartsWith("cr0wp: ", Judge(GateAttack, GateAlert, GateBlocked, Cr0Attack, Cr0Alert, PowerDown), StringComparison.Ordinal);
        Assert.StartsWith("cr0wp: ", Judge(GateAttack, GateAlert, GateBlocked, Cr0Attack, otherRegister, Cr0Blocked), StringComparison.Ordinal);
        Assert.StartsWith("cr0wp: ", Judge(GateAttack, GateAlert, GateBlocked, Cr0Attack, otherValue, Cr0Blocked), StringComparison.Ordinal);
        Assert.StartsWith("idt: ", Judge(GateAttack, Cr0Attack, Cr0Alert, Cr0Blocked, GateAlert, PowerDown), StringComparison.Ordinal);
        Assert.StartsWith("idt: ", Judge([.. lines, GateAttack]), StringComparison.Ordinal);
    }

    [Fact]
    public void TheRunHasToEndWell()
    {
        string[] lines = [GateAttack, GateAlert, GateBlocked, PowerDown];

        Assert.NotNull(DemoJudge.Complaint(Run(GateAttack, GateAlert, GateBlocked), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(), DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(lines) with { ExitCode = 1 }, DemoMode.Block, _idt));
        Assert.NotNull(DemoJudge.Complaint(Run(lines) with { TimedOut = true }, DemoMode.Block, _idt));
    }

    private static string Complaint(DemoMode mode, params string[] lines) => DemoJudge.Complaint(Run(lines), mode, _idt) ?? "";

    private static string Judge(params string[] lines) => DemoJudge.Complaint(Run(lines), DemoMode.Block, _two) ?? "";
}
