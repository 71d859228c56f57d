using System.Runtime.InteropServices;

namespace Tests.Differential;

/// <summary>What an oracle says of itself (struct oracle_facts).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OracleFacts
{
    /// <summary>Components of extended state that it has enabled.</summary>
    public ulong Xcr0;

    /// <summary>CR0, where it can tell.</summary>
    public ulong Cr0;

    /// <summary>Bits of MXCSR that it knows.</summary>
    public uint MxcsrMask;

    public uint Reserved;
}
