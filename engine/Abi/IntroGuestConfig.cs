using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Facts about a guest's hypervisor (INTRO_GUEST_CONFIG), 32 bytes in this version.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntroGuestConfig
{
    /// <summary>Size of the structure as the caller knows it, in bytes.</summary>
    public ulong Size;

    /// <summary>Who completes an allowed store.</summary>
    public IntroCompletion StoreCompletion;

    /// <summary>INTRO_GUEST_ flags.</summary>
    public GuestConfigFlags Flags;

    /// <summary>Protections that the reference has no option for.</summary>
    public GuardOptions Guards;

    /// <summary>Bits of a physical address (MAXPHYADDR) that the guest's processors report, 32 to 52. Those above it are reserved in
    /// paging entries. 0: not known; none of them is checked.</summary>
    public ulong PhysicalAddressBits;
}
