using System.Runtime.CompilerServices;

namespace Engine.Vcpus;

/// <summary>The six segment registers of a record, in the order CS SS DS ES FS GS, 96 bytes.</summary>
[InlineArray(6)]
public struct VcpuSegments
{
    private VcpuSegment _first;
}
