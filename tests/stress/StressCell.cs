using System.Runtime.InteropServices;

namespace Tests.Stress;

/// <summary>The store that a vCPU has under way; a cache line of its own.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct StressCell
{
    public ulong Number;
    public ulong Gpa;
    public int Asked;
}
