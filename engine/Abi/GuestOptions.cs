using System;

namespace Engine.Abi;

/// <summary>Options of a guest (spec/10, section 12); only the bits that this version acts on.</summary>
[Flags]
public enum GuestOptions : ulong
{
    /// <summary>No protection.</summary>
    None = 0,

    /// <summary>INTRO_OPT_PROT_KM_IDT: the interrupt descriptor table.</summary>
    ProtectIdt = 1UL << 3,

    /// <summary>INTRO_OPT_PROT_KM_CR4: CR4.SMEP and CR4.SMAP.</summary>
    ProtectCr4 = 1UL << 11,

    /// <summary>INTRO_OPT_PROT_KM_MSR_SYSCALL: the registers that name the system call entries.</summary>
    ProtectSyscallMsrs = 1UL << 12,

    /// <summary>INTRO_OPT_PROT_KM_IDTR: which interrupt descriptor table is used.</summary>
    ProtectIdtr = 1UL << 13,

    /// <summary>INTRO_OPT_PROT_KM_GDTR: which global descriptor table is used.</summary>
    ProtectGdtr = 1UL << 19,

    /// <summary>INTRO_OPT_KM_BETA_DETECTIONS: kernel protections alert and let it happen.</summary>
    KernelBeta = 1UL << 26,

    /// <summary>INTRO_OPT_BUGCHECK_CLEANUP: introspection ends when the guest crashes, before it writes its dump. In force as soon as
    /// something recognises the crash.</summary>
    BugCheckCleanup = 1UL << 29,

    /// <summary>Everything that this version has built.</summary>
    Supported = ProtectIdt | ProtectCr4 | ProtectSyscallMsrs | ProtectIdtr | ProtectGdtr | KernelBeta,
}
