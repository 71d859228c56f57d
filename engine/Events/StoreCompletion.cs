using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// Performs a store that was judged in the instruction's place, registers included, so that what was judged is what happens. For
/// hypervisors that would otherwise execute the instruction again (introCompletionRefetch).
/// </summary>
/// <remarks>
/// <para>A glue that cannot have registers set (RegisterAccess) completes its stores itself. Extended state goes through
/// SET_XSAVE_AREA. Registers are set before the store: if that fails, nothing has happened; and if the store then fails, they are
/// set back.</para>
/// <para>Thread safety: any number of vCPUs at once.</para>
/// </remarks>
internal sealed unsafe class StoreCompletion
{
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly RegisterAccess _registers;

    public StoreCompletion(Hypervisor hypervisor, GuestMemory memory, RegisterAccess registers)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _registers = registers;
    }

    /// <summary>False: it is known that registers cannot be set.</summary>
    public bool MayBePossible => _registers.MayBeSettable;

    /// <summary>Makes sure that the engine can perform a store of this vCPU: that flags are known and that registers can be set.
    /// </summary>
    public bool TryBegin(VcpuState* vcpu) => _registers.CanSet(vcpu);

    /// <summary>Performs the instruction. Afterwards the record has the new registers.</summary>
    [SkipLocalsInit]
    public CommitOutcome Complete(VcpuState* vcpu, ref InstructionEffect store, EmulationWorkspace workspace)
    {
        if (!workspace.State.TryCommit())
            return CommitOutcome.Failed;

        IgArchRegs before = vcpu->Regs;
        VcpuRegisters dirty = vcpu->DirtyMask;
        VcpuRegisters changed = StoreCommit.Apply(ref vcpu->Regs, ref store);
        if (!_registers.Set(vcpu, changed).IsSuccess())
        {
            vcpu->Regs = before;
            UndoState(vcpu, workspace);
            return CommitOutcome.Failed;
        }

        CommitOutcome outcome = StoreCommit.Write(_memory, ref store, workspace);
        if (outcome == CommitOutcome.Done)
            return outcome;

        vcpu->Regs = before;
        if (_registers.AppliesDirtyMask)
            vcpu->DirtyMask = dirty;
        else if (!_registers.Set(vcpu, changed).IsSuccess())
            _hypervisor.Log.Write(IgLogLevel.Error, $"registers of vcpu {(int)vcpu->Index} could not be set back after a store failed");
        UndoState(vcpu, workspace);
        return outcome;
    }

    private void UndoState(VcpuState* vcpu, EmulationWorkspace workspace)
    {
        if (!workspace.State.TryUndo())
            _hypervisor.Log.Write(IgLogLevel.Error, $"extended state of vcpu {(int)vcpu->Index} could not be set back after a store failed");
    }
}
