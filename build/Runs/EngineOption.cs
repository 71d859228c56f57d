namespace Build.Runs;

/// <summary>Options of the engine that the runs use; the values are those of introcore.h.</summary>
public static class EngineOption
{
    /// <summary>Guard the interrupt descriptor table.</summary>
    public const ulong ProtectIdt = 0x8;

    /// <summary>Guard CR4.SMEP and CR4.SMAP.</summary>
    public const ulong ProtectCr4 = 0x800;

    /// <summary>Guard the registers that name the entries of system calls.</summary>
    public const ulong ProtectSyscallMsrs = 0x1000;

    /// <summary>Guard which interrupt descriptor table is used.</summary>
    public const ulong ProtectIdtr = 0x2000;

    /// <summary>Guard which global descriptor table is used.</summary>
    public const ulong ProtectGdtr = 0x80000;

    /// <summary>Report, and let it happen.</summary>
    public const ulong LogOnly = 0x4000000;

    /// <summary>All that this version protects.</summary>
    public const ulong ProtectAll = ProtectIdt | ProtectCr4 | ProtectSyscallMsrs | ProtectIdtr | ProtectGdtr;

    /// <summary>All guards beyond the options: CR0.WP, CR4.UMIP, EFER.NXE.</summary>
    public const ulong GuardAll = 0x7;
}
