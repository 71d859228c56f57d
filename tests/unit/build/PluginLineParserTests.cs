using Build.Runs;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class PluginLineParserTests
{
    private const string AlertLine =
        "introcore: [2.418] alert: class=ept cpu=0 rip=0xffffffffc0288005 cr3=0x3a2c000 cpl=0 gla=0xffffce1d40045e10"
        + " gpa=0x142b4e10 size=8 old=98081000008e40ad new=30801000008e28c0 gate=225 action=NotAllowed beta=0 mitre=1179"
        + " instruction=\"48 89 37  mov\"";

    [Fact]
    public void AnEventHasItsTimeNameAndFields()
    {
        PluginEvent? line = PluginLineParser.Parse("introcore: [0.041] loaded: version=0.1.0 qemu=7.2.22 lib=/a/b.so");

        Assert.NotNull(line);
        Assert.Equal(0.041, line.Seconds);
        Assert.True(line.Is("loaded"));
        Assert.Equal("0.1.0", line.Field("version"));
        Assert.Equal("/a/b.so", line.Field("lib"));
        Assert.Equal("", line.Field("nothing"));
    }

    [Fact]
    public void FreeTextIsKeptWhole()
    {
        PluginEvent? line = PluginLineParser.Parse("introcore: [1.000] engine: guest 1: found a = b, x: y");

        Assert.Equal("guest 1: found a = b, x: y", line?.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("qemu-system-x86_64: warning: something")]
    [InlineData("introcore: [")]
    [InlineData("introcore: [x.y] loaded: a=b")]
    [InlineData("introcore: [1.0] no colon")]
    public void OtherLinesAreNoEvents(string line) => Assert.Null(PluginLineParser.Parse(line));

    [Fact]
    public void AnAlertIsReadInFull()
    {
        EptAlert? alert = Alert.From(PluginLineParser.Parse(AlertLine)!) as EptAlert;

        Assert.NotNull(alert);
        Assert.Equal(0xffffffffc0288005, alert.Rip);
        Assert.Equal(0x3a2c000UL, alert.Cr3);
        Assert.Equal(0xffffce1d40045e10, alert.Gla);
        Assert.Equal(0x142b4e10UL, alert.Gpa);
        Assert.Equal((0, 0, 8, 225, 1179), (alert.Cpu, alert.Cpl, alert.Size, alert.Gate, alert.Mitre));
        Assert.Equal(("98081000008e40ad", "30801000008e28c0"), (alert.Old, alert.New));
        Assert.Equal([0x48, 0x89, 0x37], alert.Instruction.ToArray());
        Assert.True(alert.Blocked);
    }

    [Theory]
    [InlineData("action=NotAllowed beta=0", "action=Allowed beta=1")]
    [InlineData("beta=0", "beta=1")]
    public void AnAlertThatOnlyLogsIsNotBlocked(string from, string to)
    {
        Alert? alert = Alert.From(PluginLineParser.Parse(AlertLine.Replace(from, to, System.StringComparison.Ordinal))!);

        Assert.False(alert?.Blocked);
    }

    [Fact]
    public void AnAlertAboutSomethingElseHasNoGateAndMayHaveNoCpu()
    {
        string text = AlertLine
            .Replace("gate=225", "gate=none", System.StringComparison.Ordinal)
            .Replace("cpu=0", "cpu=-1", System.StringComparison.Ordinal);
        EptAlert? alert = Alert.From(PluginLineParser.Parse(text)!) as EptAlert;

        Assert.Equal((-1, -1), (alert?.Gate, alert?.Cpu));
    }

    [Fact]
    public void AnAlertAboutARegisterIsRead()
    {
        RegisterAlert? alert = Alert.From(PluginLineParser.Parse(
            "introcore: [4.342] alert: class=msr cpu=1 rip=0xffffffffc0445a14 cr3=0x1ff10000 cpl=0 register=0xc0000082"
            + " old=0xffffffff82200080 new=0xffffffffc0445000 action=NotAllowed beta=0 async=0 mitre=1179 instruction=\"0f 30  wrmsr\"")!)
            as RegisterAlert;

        Assert.NotNull(alert);
        Assert.Equal(("0xc0000082", "LSTAR"), (alert.Register, alert.Target));
        Assert.Equal(("0xffffffff82200080", "0xffffffffc0445000"), (alert.Old, alert.New));
        Assert.Equal([0x0f, 0x30], alert.Instruction.ToArray());
        Assert.Null(alert.SeenAfter);
        Assert.True(alert.Blocked);
    }

    [Fact]
    public void AnAlertFromTheTimerIsReadAndNeverCountsAsBlocked()
    {
        RegisterAlert? alert = Alert.From(PluginLineParser.Parse(
            "introcore: [9.064] alert: class=cr cpu=0 rip=0x0 cr3=0x0 cpl=0 register=CR0 old=0x1 new=0x0"
            + " action=NotAllowed beta=0 async=1 mitre=1014 instruction=\"seen after 998 ms\"")!) as RegisterAlert;

        Assert.NotNull(alert);
        Assert.Equal(System.TimeSpan.FromMilliseconds(998), alert.SeenAfter);
        Assert.True(alert.Instruction.IsEmpty);
        Assert.False(alert.Blocked);
    }

    [Fact]
    public void AnAlertOfAnUnknownClassIsNone() =>
        Assert.Null(Alert.From(PluginLineParser.Parse("introcore: [1.0] alert: class=17 size=8")!));

    [Theory]
    [InlineData("warning: 3744 alerts were dropped, the guest causes too many", 3744)]
    [InlineData("info: IDT: guarded", 0)]
    public void DroppedAlertsAreRead(string text, int count) =>
        Assert.Equal(count, DroppedAlertsLine.CountOf(PluginLineParser.Parse("introcore: [1.0] engine: " + text)!));

    [Fact]
    public void StatisticsAreRead()
    {
        PluginEvent line = PluginLineParser.Parse(
            "introcore: [3.9] stats: exits=12 blocked=1 allowed=11 engine-ns-median=1208 engine-ns-mean=1300.5 glue-ns-mean=4100"
            + " store=2 cr=10 restarts=3")!;

        Assert.Equal(new RunStats(12, 1, 11, 1208, 1300.5, 4100, 2, 3), RunStats.From(line));
        Assert.Null(Alert.From(line));
    }

    [Fact]
    public void TheInstructionOfAnAlertIsDisassembled()
    {
        Assert.Equal("mov [rdi],rsi", InstructionText.Of(new byte[] { 0x48, 0x89, 0x37 }, 0x1000));
        Assert.Equal("lock xor [rdi],rsi", InstructionText.Of(new byte[] { 0xf0, 0x48, 0x31, 0x37 }, 0x1000));
        Assert.Equal("(unknown)", InstructionText.Of(System.Array.Empty<byte>(), 0x1000));
        Assert.Equal("(undecodable)", InstructionText.Of(new byte[] { 0x48 }, 0x1000));
    }
}
