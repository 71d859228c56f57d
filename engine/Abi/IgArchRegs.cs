using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>
/// Registers of a vCPU (IG_ARCH_REGS), 224 bytes. The first sixteen are in the order of the x86 encoding and may be indexed.
/// </summary>
/// <remarks>
/// <code>
/// offset  0 ..127  Rax Rcx Rdx Rbx Rsp Rbp Rsi Rdi R8 .. R15
/// offset 128..191  Cr2 Flags Dr7 Rip Cr0 Cr4 Cr3 Cr8
/// offset 192..223  IdtBase IdtLimit GdtBase GdtLimit
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct IgArchRegs
{
#pragma warning disable CS1591 // the names of the registers say it
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbx;
    public ulong Rsp;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong R8;
    public ulong R9;
    public ulong R10;
    public ulong R11;
    public ulong R12;
    public ulong R13;
    public ulong R14;
    public ulong R15;
    public ulong Cr2;
    public ulong Flags;
    public ulong Dr7;
    public ulong Rip;
    public ulong Cr0;
    public ulong Cr4;
    public ulong Cr3;
    public ulong Cr8;
    public ulong IdtBase;
    public ulong IdtLimit;
    public ulong GdtBase;
    public ulong GdtLimit;
#pragma warning restore CS1591
}
