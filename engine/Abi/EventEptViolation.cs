using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Alert of a memory access (EVENT_EPT_VIOLATION), 12,408 bytes; the members that this version does not fill are left out
/// and stay zero.</summary>
/// <remarks>
/// <code>
///      0  Header            2224  Originator.Module    3288  Originator.ReturnModule  4352  Originator.Process
///   6104  Victim.Type       6112  Victim.u.Module      7176  Victim.IdtEntry          7184  u.WriteInfo
///   7320  CodeBlocks        7864  Violation            7872  HookStartVirtual .. PhysicalPage
///   7904  Offset            7912  ZoneTypes            7920  names                    8144  ExecContext
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 12408)]
public struct EventEptViolation
{
    /// <summary>Head of the violation.</summary>
    [FieldOffset(0)]
    public IntroViolationHeader Header;

    /// <summary>Kind of the object.</summary>
    [FieldOffset(6104)]
    public IntroObjectType VictimType;

    /// <summary>Number of the gate, where the object is an interrupt descriptor table.</summary>
    [FieldOffset(7176)]
    public byte VictimIdtEntry;

    /// <summary>Bytes before and after.</summary>
    [FieldOffset(7184)]
    public IntroWriteInfo WriteInfo;

    /// <summary>Kind of the access.</summary>
    [FieldOffset(7864)]
    public IntroEptAccessType Violation;

    /// <summary>Linear address of the object's first byte.</summary>
    [FieldOffset(7872)]
    public ulong HookStartVirtual;

    /// <summary>Its guest-physical address.</summary>
    [FieldOffset(7880)]
    public ulong HookStartPhysical;

    /// <summary>Page of the access, linear; 0 where the linear address is not known.</summary>
    [FieldOffset(7888)]
    public ulong VirtualPage;

    /// <summary>Page of the access, guest-physical.</summary>
    [FieldOffset(7896)]
    public ulong PhysicalPage;

    /// <summary>Offset of the access in its page.</summary>
    [FieldOffset(7904)]
    public uint Offset;

    /// <summary>Zone of the access.</summary>
    [FieldOffset(7912)]
    public ZoneFlags ZoneTypes;

    /// <summary>Registers and code.</summary>
    [FieldOffset(8144)]
    public IntroExecContext ExecContext;
}
