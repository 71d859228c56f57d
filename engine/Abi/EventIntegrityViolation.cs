using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Alert of memory that was found changed (EVENT_INTEGRITY_VIOLATION), 10,472 bytes; the members that this version does not
/// fill are left out and stay zero.</summary>
/// <remarks>
/// <code>
///      0  Header       2224  Originator    5032  Return.Module    6096  Victim.Type
///   6624  Victim.u     8368  u.WriteInfo  10448  BaseAddress     10456  VirtualAddress   10464  Size
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 10472)]
public struct EventIntegrityViolation
{
    /// <summary>Head of the violation.</summary>
    [FieldOffset(0)]
    public IntroViolationHeader Header;

    /// <summary>Kind of the object.</summary>
    [FieldOffset(6096)]
    public IntroObjectType VictimType;

    /// <summary>Number of the gate, where the object is an interrupt descriptor table.</summary>
    [FieldOffset(6624)]
    public byte VictimIdtEntry;

    /// <summary>Bytes before and after.</summary>
    [FieldOffset(8368)]
    public IntroWriteInfo WriteInfo;

    /// <summary>Address of the object's first byte.</summary>
    [FieldOffset(10448)]
    public ulong BaseAddress;

    /// <summary>Address of the first byte that changed.</summary>
    [FieldOffset(10456)]
    public ulong VirtualAddress;

    /// <summary>Bytes of the object.</summary>
    [FieldOffset(10464)]
    public uint Size;
}
