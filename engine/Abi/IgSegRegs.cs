using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Segment registers of a vCPU as SEG_REGISTERS answers them (IG_SEG_REGS), 192 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IgSegRegs
{
#pragma warning disable CS1591 // the names of the registers say it
    public ulong CsBase;
    public ulong CsLimit;
    public ulong CsSelector;
    public ulong CsAr;
    public ulong SsBase;
    public ulong SsLimit;
    public ulong SsSelector;
    public ulong SsAr;
    public ulong DsBase;
    public ulong DsLimit;
    public ulong DsSelector;
    public ulong DsAr;
    public ulong EsBase;
    public ulong EsLimit;
    public ulong EsSelector;
    public ulong EsAr;
    public ulong FsBase;
    public ulong FsLimit;
    public ulong FsSelector;
    public ulong FsAr;
    public ulong GsBase;
    public ulong GsLimit;
    public ulong GsSelector;
    public ulong GsAr;
#pragma warning restore CS1591
}
