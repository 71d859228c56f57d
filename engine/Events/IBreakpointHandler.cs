using Engine.Abi;
using Engine.Instructions;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>Whoever has put INT3 into the guest.</summary>
internal unsafe interface IBreakpointHandler
{
    /// <summary>
    /// INT3 at RIP, which is valid in the record with the other registers of VcpuRegisters.Sufficient. Called in the exit, possibly on
    /// several vCPUs at once.
    /// </summary>
    /// <returns><see cref="IntStatus.Success"/>: it is ours, and RIP goes past it; <see cref="IntStatus.NoDetourEmu"/>: it is ours, and
    /// RIP stays as the handler has left it; anything else: it is not.</returns>
    IntStatus OnBreakpoint(VcpuState* vcpu, InstructionUnit unit);
}
