using Engine.Abi;
using Engine.Instructions;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>Whoever has put VMCALL into the guest.</summary>
internal unsafe interface IIntroCallHandler
{
    /// <summary>
    /// VMCALL at RIP, which is valid in the record with the other registers of VcpuRegisters.Sufficient. Called in the exit, possibly on
    /// several vCPUs at once. RIP goes past it by the glue's doing.
    /// </summary>
    /// <returns><see cref="IntStatus.NotFound"/>: it is not ours; <see cref="IntStatus.RaiseEpt"/>: it stands for an access to memory, which
    /// <see cref="Raise"/> is asked to dispatch; success else; an error: it is ours, and failed.</returns>
    IntStatus OnIntroCall(VcpuState* vcpu, InstructionUnit unit);

    /// <summary>Dispatches the access that <see cref="OnIntroCall"/> has recognised, with the record's State that of a memory violation.
    /// </summary>
    IntStatus Raise(VcpuState* vcpu, InstructionUnit unit) => IntStatus.NotSupported;
}
