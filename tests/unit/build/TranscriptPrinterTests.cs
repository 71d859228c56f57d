using System;
using System.IO;
using System.Linq;
using Build.Runs;
using Xunit;
using static Tests.Unit.BuildProgram.Transcripts;

namespace Tests.Unit.BuildProgram;

public sealed class TranscriptPrinterTests
{
    private const string EngineSays = "introcore: [1.0] engine: error: interrupt descriptor table written: blocked";

    [Fact]
    public void AnAlertIsPrintedOnceWithoutTheEnginesOwnLine()
    {
        string text = Print(EngineSays, GateAlert, GateBlocked);

        Assert.DoesNotContain("error:", text, StringComparison.Ordinal);
        Assert.Contains("BLOCKED: write of 8 bytes to IDT gate 225 (0xe1)", text, StringComparison.Ordinal);
        Assert.Contains("mov [rdi],rsi at 0xffffffffc0288005", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AnErrorOfTheEngineWithoutAnAlertIsPrinted()
    {
        Assert.Contains("error: interrupt", Print(EngineSays, GateBlocked, "introcore: [1.1] inactive: over"), StringComparison.Ordinal);
        Assert.Contains("error: interrupt", Print(EngineSays), StringComparison.Ordinal);
        Assert.Equal(1, Count("error: interrupt", Print(EngineSays, EngineSays, GateAlert)));
    }

    [Fact]
    public void AWriteThatUndoesAnAllowedOneIsOneLine()
    {
        string text = Print(LoggedAlert, RestoringAlert);

        Assert.Equal(1, Count("ALLOWED (log-only)", text));
        Assert.Contains("restored: IDT gate 225 (0xe1) to 98081000008e40ad", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Split('\n').Count(l => l.Contains("0xffffffffc0288105", StringComparison.Ordinal)));
    }

    [Fact]
    public void WhatIsGuardedIsOneLine()
    {
        string text = Print(
            "introcore: [1.0] engine: info: IDT: guarded, changes are judged before they happen",
            "introcore: [1.0] engine: info: CR0: guarded, changes are judged before they happen",
            "introcore: [1.0] active: the guest is protected");

        Assert.Contains("happen: IDT, CR0", text, StringComparison.Ordinal);
        Assert.Equal(2, Count("engine", text));
    }

    [Fact]
    public void TheSummaryHasARowAnAttack()
    {
        GuestRunResult run = Run(GateAttack, GateAlert, GateBlocked, Cr0Attack, Cr0Blocked, PowerDown);
        string[] rows = [.. DemoSummary.Lines(run, ["idt", "cr0wp", "smep"]).Skip(2)];

        Assert.Equal(3, rows.Length);
        Assert.Matches(@"^idt .* mov \[rdi\],rsi .* yes, BLOCKED .* gate reads 98081000008e40ad: BLOCKED$", rows[0]);
        Assert.Matches("^cr0wp .* 0xffffffffc0445975 .* no .* CR0 reads 0x80050033: BLOCKED$", rows[1]);
        Assert.Matches("^smep .* - .* no .* none$", rows[2]);
    }

    private static string Print(params string[] lines)
    {
        using StringWriter writer = new();
        TranscriptPrinter printer = new(writer);
        foreach (string line in lines)
            printer.Print(Line(line));
        printer.Flush();
        return writer.ToString();
    }

    private static int Count(string what, string text) => text.Split(what).Length - 1;
}
