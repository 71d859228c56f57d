using System;
using System.Collections.Generic;

namespace Build.Runs;

/// <summary>What the guest's module says before it attacks; bytes are in memory order, in hexadecimal.</summary>
/// <param name="Rip">The address of the instruction that is going to store.</param>
public sealed record AttackLine(
    ulong Idt, uint Limit, int Vector, ulong Gpa, ulong Alias, ulong Rip, string Old, string New, ulong Cr0)
{
    private const string Mark = "attack: idt=";
    private const int PrefixLength = 8;

    public static AttackLine? Parse(string line)
    {
        int at = line.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        IReadOnlyDictionary<string, string> fields = FieldReader.Read(line[(at + PrefixLength)..]);
        return new AttackLine(
            Number("idt"), (uint)Number("limit"), (int)Number("vector"), Number("gpa"), Number("alias"), Number("rip"),
            fields.GetValueOrDefault("old", ""), fields.GetValueOrDefault("new", ""), Number("cr0"));

        ulong Number(string key) => Numbers.TryParse(fields.GetValueOrDefault(key, ""), out ulong value) ? value : 0;
    }
}
