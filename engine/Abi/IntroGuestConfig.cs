using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Facts about a guest's hypervisor (INTRO_GUEST_CONFIG), 24 bytes in this version.</summary>
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
}
