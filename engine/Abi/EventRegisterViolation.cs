using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>
/// Alert of a register (EVENT_CR_VIOLATION, EVENT_MSR_VIOLATION and EVENT_DTR_VIOLATION, which have one layout), 9,304 bytes;
/// the members that this version does not fill are left out and stay zero.
/// </summary>
/// <remarks>
/// <code>
///      0  Header      2224  Originator    4352  Victim (Cr, Msr or Type)
///   4360  WriteInfo   4496  CodeBlocks    5040  ExecContext
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 9304)]
public struct EventRegisterViolation
{
    /// <summary>Head of the violation.</summary>
    [FieldOffset(0)]
    public IntroViolationHeader Header;

    /// <summary>Number of the control or model-specific register, or the <see cref="IntroObjectType"/> of a table register.</summary>
    [FieldOffset(4352)]
    public uint Victim;

    /// <summary>Values before and after.</summary>
    [FieldOffset(4360)]
    public IntroWriteInfo WriteInfo;

    /// <summary>Registers and code.</summary>
    [FieldOffset(5040)]
    public IntroExecContext ExecContext;
}
