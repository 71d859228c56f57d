using System;
using System.Linq;

namespace Build.Runs;

/// <summary>An alert as the plug-in reports it.</summary>
public abstract record Alert
{
    private const string NotAllowed = "NotAllowed";

    protected Alert(PluginEvent line)
    {
        Class = line.Field("class");
        Cpu = Signed(line, "cpu");
        Rip = line.Number("rip");
        Cr3 = line.Number("cr3");
        Cpl = Signed(line, "cpl");
        Old = line.Field("old");
        New = line.Field("new");
        Action = line.Field("action");
        Beta = line.Number("beta") != 0;
        Mitre = Signed(line, "mitre");
        Instruction = BytesOf(line.Field("instruction"));
    }

    /// <summary>Which kind of exit it came from.</summary>
    public string Class { get; }

    /// <summary>-1: none.</summary>
    public int Cpu { get; }

    public ulong Rip { get; }

    public ulong Cr3 { get; }

    public int Cpl { get; }

    /// <summary>Bytes in the order of memory, in hexadecimal; a number with 0x; or BASE/LIMIT.</summary>
    public string Old { get; }

    public string New { get; }

    public string Action { get; }

    /// <summary>The write was allowed although it would have been blocked: log only.</summary>
    public bool Beta { get; }

    public int Mitre { get; }

    /// <summary>The instruction's bytes.</summary>
    public ReadOnlyMemory<byte> Instruction { get; }

    public virtual bool Blocked => !Beta && string.Equals(Action, NotAllowed, StringComparison.Ordinal);

    /// <summary>What was written to, for a person.</summary>
    public abstract string Target { get; }

    /// <summary>Whether it is the announced attack that is reported.</summary>
    public abstract bool IsAbout(AttackLine attack);

    /// <summary>Whether it is about the same bytes or register of the same CPU.</summary>
    public abstract bool IsSamePlace(Alert other);

    /// <summary>Whether this write, let through as the other one was, has undone it.</summary>
    public bool Undoes(Alert other) =>
        !Blocked && !other.Blocked && IsSamePlace(other) && Numbers.Same(Old, other.New) && Numbers.Same(New, other.Old);

    /// <summary>The alert in an event, null if it holds none that is known.</summary>
    public static Alert? From(PluginEvent line)
    {
        if (!line.Is("alert"))
            return null;
        return line.Field("class") switch
        {
            "ept" => new EptAlert(line),
            "cr" or "msr" or "dtr" => new RegisterAlert(line),
            _ => null,
        };
    }

    protected static int Signed(PluginEvent line, string key) => int.TryParse(line.Field(key), out int value) ? value : -1;

    /// <summary>The text is the bytes, two blanks, the mnemonic.</summary>
    private static byte[] BytesOf(string instruction)
    {
        string[] bytes = instruction.Split("  ", 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return [.. bytes.Select(b => Convert.ToByte(b, 16))];
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
        {
            return [];
        }
    }
}
