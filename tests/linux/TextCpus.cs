using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using Engine.Guests;

namespace Tests.Linux;

/// <summary>Registers out of what QEMU's monitor prints. It does not print MSRs but EFER, so that gates of the IDT have to do.</summary>
internal sealed class TextCpus(IReadOnlyList<string> texts) : ICpuSource
{
    public CpuRegisters[] ReadCpus() => [.. texts.Select(Read)];

    public CpuRegisters ReadFirst() => Read(texts[0]);

    private static CpuRegisters Read(string text) => new()
    {
        Cr0 = Number(text, "CR0="), Cr3 = Number(text, "CR3="), Cr4 = Number(text, "CR4="), Efer = Number(text, "EFER="),
        Rip = Number(text, "RIP="), IdtBase = Number(text, "IDT= +"), IdtLimit = (ushort)Number(text, "IDT= +[0-9a-f]+ "),
        GsBase = Number(text, "GS =[0-9a-f]+ "),
    };

    private static ulong Number(string text, string before) => ulong.Parse(
        Regex.Match(text, before + "(?<number>[0-9a-f]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["number"].Value, NumberStyles.HexNumber,
        CultureInfo.InvariantCulture);
}
