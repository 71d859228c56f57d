namespace Engine.Vcpus;

/// <summary>Numbers of the model-specific registers that the engine knows (SDM 4, table 2-2).</summary>
internal static class Msrs
{
#pragma warning disable CS1591 // the names of the registers say it
    public const uint SysenterCs = 0x174;
    public const uint SysenterEsp = 0x175;
    public const uint SysenterEip = 0x176;
    public const uint DebugCtl = 0x1D9;
    public const uint FredConfig = 0x1D4;
    public const uint Efer = 0xC000_0080;
    public const uint Star = 0xC000_0081;
    public const uint Lstar = 0xC000_0082;
    public const uint Cstar = 0xC000_0083;
    public const uint Sfmask = 0xC000_0084;
    public const uint FsBase = 0xC000_0100;
    public const uint GsBase = 0xC000_0101;
    public const uint KernelGsBase = 0xC000_0102;
#pragma warning restore CS1591
}
