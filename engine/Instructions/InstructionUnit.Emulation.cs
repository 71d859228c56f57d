using Engine.Hosting;
using Engine.Instructions.Emulation;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <content>What the instruction does.</content>
internal sealed unsafe partial class InstructionUnit
{
    /// <summary>What emulating takes, the effect on extended state and the pieces of the store among it.</summary>
    public EmulationWorkspace Workspace { get; } = new(XsaveLayout.OfThisProcessor);

    /// <summary>
    /// Computes what <see cref="Current"/> does to memory and registers. False: it is not emulated, or something that it depends on
    /// is not known.
    /// </summary>
    /// <param name="memory">The guest's memory, for what it reads.</param>
    /// <param name="vcpu">The record; what is not in PushedMask is not known.</param>
    /// <param name="hypervisor">Who is asked for extended state where it is needed; null: it is not known.</param>
    /// <param name="effect">What it does, together with <see cref="Workspace"/>.</param>
    /// <param name="usesPatch">Whether its reads see the bytes of the record's PatchBuffer instead of memory's.</param>
    public bool TryEmulate(
        GuestMemory memory, VcpuState* vcpu, Hypervisor? hypervisor, out InstructionEffect effect, bool usesPatch = false)
    {
        Workspace.Begin(hypervisor, vcpu->Index, usesPatch);
        return InstructionEmulator.TryEmulate(in Current, _registers, memory, vcpu, Workspace, out effect);
    }
}
