using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Registers in an alert (INTRO_GPRS), 160 bytes: those of <see cref="IgArchRegs"/> up to RIP, in the same order.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IntroGprs
{
#pragma warning disable CS1591 // the names of the registers say it
    public ulong RegRax;
    public ulong RegRcx;
    public ulong RegRdx;
    public ulong RegRbx;
    public ulong RegRsp;
    public ulong RegRbp;
    public ulong RegRsi;
    public ulong RegRdi;
    public ulong RegR8;
    public ulong RegR9;
    public ulong RegR10;
    public ulong RegR11;
    public ulong RegR12;
    public ulong RegR13;
    public ulong RegR14;
    public ulong RegR15;
    public ulong RegCr2;
    public ulong RegFlags;
    public ulong RegDr7;
    public ulong RegRip;
#pragma warning restore CS1591
}
