using System;
using Engine.Abi;

namespace Engine.Alerts;

/// <summary>What a protection reports of memory that was found changed.</summary>
internal ref struct IntegrityAlert
{
    /// <summary>Kind of the object.</summary>
    public IntroObjectType Victim;

    /// <summary>What it is called in the log.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>What the policy decided, before log-only.</summary>
    public IntroAction Verdict;

    /// <summary>What happens. NotAllowed: the bytes are written back.</summary>
    public IntroAction Action;

    /// <summary>Technique.</summary>
    public MitreId Mitre;

    /// <summary>Address of the object's first byte.</summary>
    public ulong Base;

    /// <summary>Bytes of the object.</summary>
    public int Size;

    /// <summary>Address of the first byte that changed.</summary>
    public ulong Address;

    /// <summary>The bytes from there on as they were.</summary>
    public ReadOnlySpan<byte> Old;

    /// <summary>The same as they are.</summary>
    public ReadOnlySpan<byte> New;

    /// <summary>Number of the gate, for an interrupt descriptor table.</summary>
    public byte IdtEntry;
}
