using System;
using System.Collections.Generic;

namespace Build.Runs;

/// <summary>What the guest's module says before it attacks.</summary>
/// <param name="What">The kind of attack.</param>
/// <param name="Rip">The address of the instruction that attacks.</param>
/// <param name="Old">Bytes in the order of memory, in hexadecimal; a number with 0x; or BASE/LIMIT.</param>
/// <param name="Register">The register as the plug-in names it, empty if memory is attacked.</param>
/// <param name="Stores">How often each CPU stores.</param>
public sealed record AttackLine(
    string What, ulong Rip, string Old, string New, string Register, int Vector, ulong Gpa, ulong Alias, int Stores)
{
    private const string Mark = "attack: what=";
    private const int PrefixLength = 8;

    public static AttackLine? Parse(string line)
    {
        int at = line.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        IReadOnlyDictionary<string, string> fields = FieldReader.Read(line[(at + PrefixLength)..]);
        return new AttackLine(
            Text("what"), Number("rip"), Text("old"), Text("new"), Text("register"), (int)Number("vector"), Number("gpa"),
            Number("alias"), (int)Number("stores"));

        string Text(string key) => fields.GetValueOrDefault(key, "");
        ulong Number(string key) => Numbers.TryParse(Text(key), out ulong value) ? value : 0;
    }
}
