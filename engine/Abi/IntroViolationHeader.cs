using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Head of every violation (INTRO_VIOLATION_HEADER), 2,224 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IntroViolationHeader
{
    /// <summary>INTRO_VIOLATION_VERSION.</summary>
    public const uint CurrentVersion = 1;

#pragma warning disable CS1591 // the members are documented in the C header
    public uint ViolationVersion;
    public IntroVersionInfo VerInfo;
    public IntroAction Action;
    public IntroActionReason Reason;
    public IntroCpuCtx CpuContext;
    public IntroProcess CurrentProcess;
    public AlertFlags Flags;
    public MitreId MitreID;
    public fixed byte Exception[255];
#pragma warning restore CS1591
}
