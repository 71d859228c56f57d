using System;
using Engine.Abi;

namespace Engine.Alerts;

/// <summary>What a protection knows of a write that it reports, besides the access itself.</summary>
internal ref struct WriteAlert
{
    /// <summary>Kind of the object.</summary>
    public IntroObjectType Victim;

    /// <summary>What it is called in the log.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>What the policy decided, before log-only.</summary>
    public IntroAction Verdict;

    /// <summary>What happens.</summary>
    public IntroAction Action;

    /// <summary>Why.</summary>
    public IntroActionReason Reason;

    /// <summary>Technique.</summary>
    public MitreId Mitre;

    /// <summary>Linear address of the object.</summary>
    public ulong ObjectLinear;

    /// <summary>Its guest-physical address.</summary>
    public ulong ObjectPhysical;

    /// <summary>Number of the gate, for an interrupt descriptor table.</summary>
    public byte IdtEntry;
}
