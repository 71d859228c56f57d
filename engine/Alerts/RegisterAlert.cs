using System;
using Engine.Abi;

namespace Engine.Alerts;

/// <summary>What a protection reports of a register.</summary>
internal ref struct RegisterAlert
{
    /// <summary>Class of the event.</summary>
    public IntroEventType Type;

    /// <summary>Number of the register, or <see cref="IntroObjectType"/> of a table register.</summary>
    public uint Victim;

    /// <summary>What it is called in the log.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>What the policy decided, before log-only.</summary>
    public IntroAction Verdict;

    /// <summary>What happens.</summary>
    public IntroAction Action;

    /// <summary>Technique.</summary>
    public MitreId Mitre;

    /// <summary>Bytes of the value: 8, or 10 for a table register (6 outside 64-bit code).</summary>
    public int Size;

    /// <summary>Value before; the base, for a table register.</summary>
    public ulong Old;

    /// <summary>Value after; the base, for a table register.</summary>
    public ulong New;

    /// <summary>Limit before, for a table register.</summary>
    public ushort OldLimit;

    /// <summary>Limit after, for a table register.</summary>
    public ushort NewLimit;
}
