using System;
using System.Collections.Generic;
using System.Text;
using Engine.Abi;
using Engine.Hooks;

namespace Engine.Protection;

/// <summary>A control or model-specific register that is guarded, and what of it.</summary>
internal sealed class GuardedRegister
{
    private const ulong Cr0PeWpPg = 1 | (1 << 16) | (1UL << 31);
    private const ulong Cr4Umip = 1 << 11;
    private const ulong Cr4SmepSmap = (1 << 20) | (1 << 21);
    private const ulong EferNxe = 1 << 11;

    private readonly byte[] _nameUtf8;

    private GuardedRegister(RegisterKind kind, uint number, string name, ulong mustStay, MitreId mitre)
    {
        Kind = kind;
        Number = number;
        Name = name;
        _nameUtf8 = Encoding.UTF8.GetBytes(name);
        MustStay = mustStay;
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

    /// <summary>Bits that must not be cleared once they are set; 0: the whole value must stay once it is not 0.</summary>
    public ulong MustStay { get; }

    /// <summary>Technique of an attack on it.</summary>
    public MitreId Mitre { get; }

    /// <summary>The registers that options and guards name.</summary>
    public static List<GuardedRegister> For(GuestOptions options, GuardOptions guards)
    {
        List<GuardedRegister> list = [];
        if ((guards & GuardOptions.Cr0Wp) != GuardOptions.None)
            list.Add(new GuardedRegister(RegisterKind.Cr, 0, "CR0", Cr0PeWpPg, MitreId.Rootkit));

        ulong cr4 = ((options & GuestOptions.ProtectCr4) != GuestOptions.None ? Cr4SmepSmap : 0) |
            ((guards & GuardOptions.Cr4Umip) != GuardOptions.None ? Cr4Umip : 0);
        if (cr4 != 0)
            list.Add(new GuardedRegister(RegisterKind.Cr, 4, "CR4", cr4, MitreId.ExploitPrivilegeEscalation));

        if ((guards & GuardOptions.EferNxe) != GuardOptions.None)
            list.Add(new GuardedRegister(RegisterKind.Msr, 0xC000_0080, "EFER", EferNxe, MitreId.Rootkit));

        if ((options & GuestOptions.ProtectSyscallMsrs) != GuestOptions.None)
        {
            list.Add(WholeMsr(0xC000_0081, "STAR"));
            list.Add(WholeMsr(0xC000_0082, "LSTAR"));
            list.Add(WholeMsr(0xC000_0083, "CSTAR"));
            list.Add(WholeMsr(0xC000_0084, "SFMASK"));
            list.Add(WholeMsr(0x174, "SYSENTER_CS"));
            list.Add(WholeMsr(0x175, "SYSENTER_ESP"));
            list.Add(WholeMsr(0x176, "SYSENTER_EIP"));
        }

        return list;
    }

    /// <summary>Tells whether going from one value to another breaks the guard. The first value of a register, from 0, does not.</summary>
    public bool IsBrokenBy(ulong oldValue, ulong newValue) =>
        MustStay != 0 ? (oldValue & ~newValue & MustStay) != 0 : oldValue != 0 && oldValue != newValue;

    private static GuardedRegister WholeMsr(uint number, string name) =>
        new(RegisterKind.Msr, number, name, mustStay: 0, MitreId.Hooking);
}
