using Build.Runs;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class GuestLineTests
{
    [Fact]
    public void TheAttackThatTheModuleAnnouncesIsRead()
    {
        AttackLine? attack = AttackLine.Parse(
            "[    2.602510] attack: idt=0xfffffe0000000000 limit=0xfff vector=0xe1 gpa=0x142b4e10 alias=0xffffce1d40045e10"
            + " rip=0xffffffffc0288005 old=98081000008e40ad new=30801000008e28c0 cr0=0x80050033");

        Assert.Equal(
            new AttackLine(
                0xfffffe0000000000, 0xfff, 0xe1, 0x142b4e10, 0xffffce1d40045e10, 0xffffffffc0288005,
                "98081000008e40ad", "30801000008e28c0", 0x80050033),
            attack);
    }

    [Theory]
    [InlineData("BLOCKED", GuestVerdict.Blocked)]
    [InlineData("LANDED, restored", GuestVerdict.Landed)]
    [InlineData("gone", GuestVerdict.None)]
    public void TheModulesVerdictIsRead(string words, GuestVerdict verdict)
    {
        GateReading? reading = GateReading.Parse(
            $"[    2.603763] attack: gate reads 98081000008e40ad through the IDT and 30801000008e28c0 through the alias: write {words}");

        Assert.Equal(new GateReading("98081000008e40ad", "30801000008e28c0", verdict), reading);
    }

    [Theory]
    [InlineData("[    2.577890] attack: loading out-of-tree module taints kernel.")]
    [InlineData("guest: the attack's write: BLOCKED")]
    [InlineData("attack: gate reads 00")]
    public void OtherLinesOfTheGuestAreNeither(string line)
    {
        Assert.Null(AttackLine.Parse(line));
        Assert.Null(GateReading.Parse(line));
    }

    [Theory]
    [InlineData("\x1b[2J\x1b[01;01HSeaBIOS (version 1.16)", "SeaBIOS (version 1.16)")]
    [InlineData("\x1b" + "cline\r", "line")]
    [InlineData("plain \t text  ", "plain \t text")]
    [InlineData("cut\x1b[", "cut")]
    public void WhatATerminalWouldActUponIsTakenOut(string raw, string clean) => Assert.Equal(clean, ConsoleText.Clean(raw));
}
