using System;
using System.Collections.Generic;
using System.Text;
using Engine.Abi;
using Engine.Hooks;
using Engine.Policy;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>A control or model-specific register that can be guarded, and what of it.</summary>
internal sealed class GuardedRegister
{
    private const ulong Cr0PeWpPg = 1 | (1 << 16) | (1UL << 31);
    private const ulong Cr4Umip = 1 << 11;
    private const ulong Cr4SmepSmap = (1 << 20) | (1 << 21);
    private const ulong EferNxe = 1 << 11;

    private readonly byte[] _nameUtf8;

    private GuardedRegister(RegisterKind kind, uint number, string name, MitreId mitre)
    {
        Kind = kind;
        Number = number;
        Name = name;
        _nameUtf8 = Encoding.UTF8.GetBytes(name);
        Mitre = mitre;
    }

    /// <summary>Kind of the register.</summary>
    public RegisterKind Kind { get; }

    /// <summary>Its number.</summary>
    public uint Number { get; }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The same as UTF-8.</summary>
    public ReadOnlySpan<byte> NameUtf8 => _nameUtf8;

    /// <summary>Technique of an attack on it.</summary>
    public MitreId Mitre { get; }

    /// <summary>The option that guards it; none: a guard alone does.</summary>
    public GuestOptions Option { get; private init; }

    /// <summary>Bits that the option keeps from being cleared once they are set; 0: the whole value must stay once it is not 0.</summary>
    public ulong OptionBits { get; private init; }

    private bool IsWhole => (OptionBits | GuardBits) == 0;

    /// <summary>The guard that guards it.</summary>
    public GuardOptions Guard { get; private init; }

    /// <summary>Bits that the guard keeps from being cleared.</summary>
    public ulong GuardBits { get; private init; }

    /// <summary>All of them.</summary>
    public static List<GuardedRegister> All() =>
    [
        new(RegisterKind.Cr, 0, "CR0", MitreId.Rootkit) { Guard = GuardOptions.Cr0Wp, GuardBits = Cr0PeWpPg },
        new(RegisterKind.Cr, 4, "CR4", MitreId.ExploitPrivilegeEscalation)
        {
            Option = GuestOptions.ProtectCr4, OptionBits = Cr4SmepSmap, Guard = GuardOptions.Cr4Umip, GuardBits = Cr4Umip,
        },
        new(RegisterKind.Msr, Msrs.Efer, "EFER", MitreId.Rootkit) { Guard = GuardOptions.EferNxe, GuardBits = EferNxe },
        SyscallMsr(Msrs.Star, "STAR"),
        SyscallMsr(Msrs.Lstar, "LSTAR"),
        SyscallMsr(Msrs.Cstar, "CSTAR"),
        SyscallMsr(Msrs.Sfmask, "SFMASK"),
        SyscallMsr(Msrs.SysenterCs, "SYSENTER_CS"),
        SyscallMsr(Msrs.SysenterEsp, "SYSENTER_ESP"),
        SyscallMsr(Msrs.SysenterEip, "SYSENTER_EIP"),
    ];

    /// <summary>Whether a set guards anything of it.</summary>
    public bool IsGuardedBy(OptionSet options) => options.Has(Option) || options.Has(Guard);

    /// <summary>Changes that may break anything that some set guards. Most writes are none, and need no look at what is in force.
    /// </summary>
    public RegisterFilter Filter => IsWhole ? RegisterFilter.Changed : RegisterFilter.Cleared(OptionBits | GuardBits);

    /// <summary>Tells whether going from one value to another breaks what a set guards. The first value of a register, from 0, does
    /// not.</summary>
    public bool IsBrokenBy(ulong oldValue, ulong newValue, OptionSet options)
    {
        ulong bits = options.Has(Guard) ? GuardBits : 0;
        if (options.Has(Option))
        {
            if (IsWhole)
                return oldValue != 0 && oldValue != newValue;
            bits |= OptionBits;
        }

        return (oldValue & ~newValue & bits) != 0;
    }

    private static GuardedRegister SyscallMsr(uint number, string name) =>
        new(RegisterKind.Msr, number, name, MitreId.Hooking) { Option = GuestOptions.ProtectSyscallMsrs };
}
