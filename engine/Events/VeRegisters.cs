using System.Runtime.InteropServices;

namespace Engine.Events;

/// <summary>Registers in the information page of the #VE agent (REGISTERS): those of the code that it interrupted, 464 bytes.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0  128  Gprs     in the order of the x86 encoding
///    128    8  Rip
///    136    8  Cs
///    144    8  Rflags
///    152   32  Cr0, Cr3, Cr4, Dr7
///    184   24  Ss, Mxcsr, Reserved
///    208  256  Xmm
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct VeRegisters
{
#pragma warning disable CS1591 // the names of the registers say it
    public fixed ulong Gprs[16];
    public ulong Rip;
    public ulong Cs;
    public ulong Rflags;
    public ulong Cr0;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Dr7;
    public ulong Ss;
    public ulong Mxcsr;
    public ulong Reserved;
    public fixed byte Xmm[256];
#pragma warning restore CS1591
}
