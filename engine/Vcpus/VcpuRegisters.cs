using System;

namespace Engine.Vcpus;

/// <summary>Registers in <see cref="VcpuState.PushedMask"/> and <see cref="VcpuState.DirtyMask"/> (VCPU_REG_). Bits 0 to 15 are the
/// general-purpose registers in the order of the x86 encoding.</summary>
[Flags]
public enum VcpuRegisters : ulong
{
#pragma warning disable CS1591 // the names of the registers say it
    None = 0,
    Gprs = 0xFFFF,
    Rip = 1UL << 16,
    Flags = 1UL << 17,
    Cr0 = 1UL << 18,
    Cr2 = 1UL << 19,
    Cr3 = 1UL << 20,
    Cr4 = 1UL << 21,
    Cr8 = 1UL << 22,
    Dr7 = 1UL << 23,
    Efer = 1UL << 24,
    CsType = 1UL << 25,
    Cpl = 1UL << 26,
    Segments = 1UL << 27,
    Tables = 1UL << 28,
    Xcr0 = 1UL << 29,
    EptpIndex = 1UL << 30,
#pragma warning restore CS1591

    /// <summary>What one REGISTER_STATE_GPRS query answers.</summary>
    FromGprsQuery = Gprs | Rip | Flags | Cr0 | Cr2 | Cr3 | Cr4 | Cr8 | Dr7,

    /// <summary>What an exit needs (VCPU_REG_SUFFICIENT).</summary>
    Sufficient = Gprs | Rip | Cr0 | Cr3 | Cr4 | Efer | CsType | Cpl,
}
