using System.Runtime.InteropServices;

namespace Engine.Vcpus;

/// <summary>
/// What a vCPU's exits came to: 128 bytes, two cache lines of its own, written in its exits alone and read by anybody.
/// </summary>
/// <remarks>
/// <code>
/// offset size  field
///      0   88  Exits         by VcpuStateKind
///     88    8  Blocked       answered NotAllowed
///     96    8  WorstTicks    longest exit, in ticks of the time-stamp counter
///    104    8  EnteredTicks  start of the exit that is being handled
///    112   16  (free)
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal unsafe struct VcpuCounters
{
    /// <summary>Number of kinds of exits.</summary>
    public const int Kinds = (int)VcpuStateKind.EventInjection + 1;

    /// <summary>Exits by <see cref="VcpuStateKind"/>.</summary>
    public fixed ulong Exits[Kinds];

    /// <summary>Exits that were answered NotAllowed.</summary>
    public ulong Blocked;

    /// <summary>The longest exit, in ticks.</summary>
    public ulong WorstTicks;

    /// <summary>When the exit that is being handled began, in ticks.</summary>
    public ulong EnteredTicks;
}
