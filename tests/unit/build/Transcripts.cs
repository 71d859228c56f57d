using System;
using System.Collections.Generic;
using System.Linq;
using Build.Runs;

namespace Tests.Unit.BuildProgram;

/// <summary>Lines of a run, as they come, for tests of what reads them.</summary>
internal static class Transcripts
{
    public const string GateAttack =
        "attack: what=idt rip=0xffffffffc0288005 old=98081000008e40ad new=30801000008e28c0 vector=0xe1 gpa=0x142b4e10"
        + " alias=0xffffce1d40045e10";

    public const string GateAlert =
        "introcore: [2.418] alert: class=ept cpu=0 rip=0xffffffffc0288005 cr3=0x3a2c000 cpl=0 gla=0xffffce1d40045e10"
        + " gpa=0x142b4e10 size=8 old=98081000008e40ad new=30801000008e28c0 gate=225 action=NotAllowed beta=0 mitre=1014"
        + " instruction=\"48 89 37  mov\"";

    public const string LoggedAlert =
        "introcore: [2.418] alert: class=ept cpu=0 rip=0xffffffffc0288005 gpa=0x142b4e10 size=8 old=98081000008e40ad"
        + " new=30801000008e28c0 gate=225 action=NotAllowed beta=1 instruction=\"48 89 37  mov\"";

    public const string RestoringAlert =
        "introcore: [2.419] alert: class=ept cpu=0 rip=0xffffffffc0288105 gpa=0x142b4e10 size=8 old=30801000008e28c0"
        + " new=98081000008e40ad gate=225 action=NotAllowed beta=1 instruction=\"48 89 10  mov\"";

    public const string GateBlocked =
        "attack: gate reads 98081000008e40ad through the IDT and 98081000008e40ad through the alias: write BLOCKED";

    public const string GateLanded =
        "attack: gate reads 30801000008e28c0 through the IDT and 30801000008e28c0 through the alias: write LANDED, restored";

    public const string Cr0Attack = "attack: what=cr0wp rip=0xffffffffc0445975 old=0x80050033 new=0x80040033 register=CR0";

    public const string Cr0Alert =
        "introcore: [4.269] alert: class=cr cpu=0 rip=0xffffffffc0445975 cr3=0x1ff74000 cpl=0 register=CR0 old=0x80050033"
        + " new=0x80040033 action=NotAllowed beta=0 async=0 mitre=1014 instruction=\"0f 22 c7  mov\"";

    public const string Cr0Blocked = "attack: CR0 reads 0x80050033: write BLOCKED";

    public const string PowerDown = "[    2.680198] reboot: Power down";

    public static GuestRunResult Run(params IEnumerable<string> lines) => new()
    {
        CommandLine = "qemu",
        ExitCode = 0,
        TimedOut = false,
        Elapsed = TimeSpan.FromSeconds(1),
        Transcript = [.. lines.Select(Line)],
    };

    public static TranscriptLine Line(string text)
    {
        PluginEvent? parsed = PluginLineParser.Parse(text);
        return new TranscriptLine(TimeSpan.Zero, parsed is null ? LineSource.Guest : LineSource.Plugin, text, parsed);
    }
}
