using Engine.Abi;

namespace Engine.Protection;

/// <summary>A register that is compared on the timer, since its writes cannot be trapped.</summary>
internal sealed class WatchedRegister
{
    public WatchedRegister(Reader read, Judge isBroken, Reporter report)
    {
        Read = read;
        IsBroken = isBroken;
        Report = report;
    }

    /// <summary>Reads it; null: it cannot be had.</summary>
    public delegate RegisterReading? Reader(uint vcpu, in IgArchRegs regs);

    /// <summary>Tells whether a change breaks the guard.</summary>
    public delegate bool Judge(uint vcpu, RegisterReading oldValue, RegisterReading newValue);

    /// <summary>Reports a broken guard.</summary>
    public delegate void Reporter(uint vcpu, long milliseconds, RegisterReading oldValue, RegisterReading newValue);

    /// <summary>Reads it.</summary>
    public Reader Read { get; }

    /// <summary>Judges a change.</summary>
    public Judge IsBroken { get; }

    /// <summary>Reports a broken guard.</summary>
    public Reporter Report { get; }
}
