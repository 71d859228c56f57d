using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Versions of everything that had a part in a verdict (INTRO_VERSION_INFO), 40 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntroVersionInfo
{
#pragma warning disable CS1591 // the members are documented in the C header
    public ushort ExceptionMajor;
    public ushort ExceptionMinor;
    public uint ExceptionBuild;
    public ushort IntroMajor;
    public ushort IntroMinor;
    public ushort IntroRevision;
    public uint IntroBuildNumber;
    public uint CamiMajor;
    public uint CamiMinor;
    public uint CamiBuildNumber;
    public ulong OsVer;
#pragma warning restore CS1591
}
