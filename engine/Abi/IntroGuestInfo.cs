using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>What NotifyIntrospectionDetectedOs and GetGuestInfo tell of a guest (GUEST_INFO), 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IntroGuestInfo
{
    /// <summary>StartupTime where it is not known (IG_INVALID_TIME).</summary>
    public const ulong InvalidTime = ulong.MaxValue;

    /// <summary>introGuestLinux.</summary>
    public const uint Linux = 2;

#pragma warning disable CS1591 // the members are documented in the C header
    public uint Type;
    public ulong BuildNumber;
    public byte Guest64;
    public uint OsVersion;
    public ulong StartupTime;
    public fixed ulong _Reserved[4];
#pragma warning restore CS1591
}
