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

    /// <summary>INTRO_OPT_KM_BETA_DETECTIONS: kernel protections alert and let it happen.</summary>
    KernelBeta = 1UL << 26,

    /// <summary>Everything that this version has built.</summary>
    Supported = ProtectIdt | KernelBeta,

    /// <summary>Bits that <see cref="KernelBeta"/> turns log-only (POLICY_KM_BETA_FLAGS).</summary>
    KernelBetaGroup = 0x0006_E542_000C_FFFF,
}
