namespace Engine.Vcpus;

/// <summary>What a vCPU's record was last used for (VCPU_STATE_KIND, spec/11, section 1).</summary>
public enum VcpuStateKind : uint
{
    /// <summary>Never used.</summary>
    None = 0,

    /// <summary>Between two exits.</summary>
    Active = 1,

    /// <summary>In IntHandleEptViolation.</summary>
    EptViolation = 2,

    /// <summary>In IntHandleMsrViolation.</summary>
    MsrViolation = 3,

    /// <summary>In IntHandleIntroCall.</summary>
    Vmcall = 4,

    /// <summary>In IntHandleCrWrite.</summary>
    CrWrite = 5,

    /// <summary>In IntHandleDtrViolation.</summary>
    DtrLoad = 6,

    /// <summary>In IntHandleTimer.</summary>
    Timer = 7,

    /// <summary>In IntHandleXcrWrite.</summary>
    XcrWrite = 8,

    /// <summary>In IntHandleBreakpoint.</summary>
    Breakpoint = 9,

    /// <summary>In IntHandleEventInjection.</summary>
    EventInjection = 10,
}
