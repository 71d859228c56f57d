using Build.Runs;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class GuestLineTests
{
    [Fact]
    public void AnAttackOnMemoryIsRead()
    {
        AttackLine? attack = AttackLine.Parse(
            "[    2.602510] attack: what=idt rip=0xffffffffc0288005 old=98081000008e40ad new=30801000008e28c0 vector=0xe1"
            + " gpa=0x142b4e10 alias=0xffffce1d40045e10");

        Assert.Equal(
            new AttackLine(
                "idt", 0xffffffffc0288005, "98081000008e40ad", "30801000008e28c0", "", 0xe1, 0x142b4e10, 0xffffce1d40045e10, 0),
            attack);
    }

    [Fact]
    public void AnAttackOnARegisterIsRead()
    {
        AttackLine? attack = AttackLine.Parse(
            "[    2.5] attack: what=lidt rip=0xffffffffc0445cd7 old=0xfffffe0000000000/0xfff new=0xffff89bd9ff6a000/0xfff register=IDTR");

        Assert.Equal(
            new AttackLine("lidt", 0xffffffffc0445cd7, "0xfffffe0000000000/0xfff", "0xffff89bd9ff6a000/0xfff", "IDTR", 0, 0, 0, 0),
            attack);
    }

    [Theory]
    [InlineData("gate reads 98081000008e40ad through the IDT and 30801000008e28c0 through the alias: write BLOCKED",
        "gate", "98081000008e40ad", "30801000008e28c0", GuestVerdict.Blocked)]
    [InlineData("CR0 reads 0x80040033: write LANDED, restored", "CR0", "0x80040033", "", GuestVerdict.Landed)]
    [InlineData("IDTR reads 0xfffffe0000000000/0xfff: write BLOCKED", "IDTR", "0xfffffe0000000000/0xfff", "", GuestVerdict.Blocked)]
    [InlineData("LSTAR reads 0x1: write gone", "LSTAR", "0x1", "", GuestVerdict.None)]
    public void WhatTheModuleFindsIsRead(string words, string subject, string value, string alias, GuestVerdict verdict) =>
        Assert.Equal(new AttackReading(subject, value, alias, verdict), AttackReading.Parse("[    2.603763] attack: " + words));

    [Theory]
    [InlineData("[    2.577890] attack: loading out-of-tree module taints kernel.")]
    [InlineData("guest: attack idt: BLOCKED")]
    [InlineData("attack: gate reads 00")]
    [InlineData("attack: cpu=0 vector=0xe1 stores=2000 landed=0")]
    public void OtherLinesOfTheGuestAreNeither(string line)
    {
        Assert.Null(AttackLine.Parse(line));
        Assert.Null(AttackReading.Parse(line));
    }

    [Theory]
    [InlineData("0x10", "0x010", true)]
    [InlineData("0x10/0xfff", "0x0010/0x0fff", true)]
    [InlineData("0x10/0xfff", "0x10", false)]
    [InlineData("0x10", "0x11", false)]
    [InlineData("00ff", "00ff", true)]
    [InlineData("0011", "011", false)]
    [InlineData("", "0x0", false)]
    public void NumbersAreTheSameHoweverTheyAreWritten(string a, string b, bool same) => Assert.Equal(same, Numbers.Same(a, b));

    [Theory]
    [InlineData("\x1b[2J\x1b[01;01HSeaBIOS (version 1.16)", "SeaBIOS (version 1.16)")]
    [InlineData("\x1b" + "cline\r", "line")]
    [InlineData("plain \t text  ", "plain \t text")]
    [InlineData("cut\x1b[", "cut")]
    public void WhatATerminalWouldActUponIsTakenOut(string raw, string clean) => Assert.Equal(clean, ConsoleText.Clean(raw));
}
