using System.Runtime.CompilerServices;
using System.Threading;
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
/// <para>Registers go through the record's DirtyMask where the glue applies it, else through SET_REGISTERS. A glue that has
/// neither completes its stores itself, which is found out once. Registers are set before the store: if that fails, nothing has
/// happened; and if the store then fails, they are set back.</para>
/// <para>Thread safety: any number of vCPUs at once.</para>
/// </remarks>
internal sealed unsafe class StoreCompletion
{
    private const int Unknown = 0;
    private const int Possible = 1;
    private const int Impossible = 2;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly bool _appliesDirtyMask;
    private int _setRegisters;

    public StoreCompletion(Hypervisor hypervisor, GuestMemory memory, bool appliesDirtyMask)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _appliesDirtyMask = appliesDirtyMask;
    }

    /// <summary>False: it is known that registers cannot be set.</summary>
    public bool MayBePossible => _setRegisters != Impossible;

    /// <summary>Makes sure that the engine can perform a store of this vCPU: that flags are known and that registers can be set.
    /// </summary>
    public bool TryBegin(VcpuState* vcpu)
    {
        if (_appliesDirtyMask)
            return VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Flags).IsSuccess();

        int known = Volatile.Read(ref _setRegisters);
        if (known == Impossible || !VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.FromGprsQuery).IsSuccess())
            return false;
        if (known == Possible)
            return true;

        // Registers as they are: harmless, and it tells whether the glue can.
        bool possible = _hypervisor.Query(QueryInfoClass.SetRegisters, vcpu->Index, ref vcpu->Regs).IsSuccess();
        Volatile.Write(ref _setRegisters, possible ? Possible : Impossible);
        if (!possible)
            _hypervisor.Log.Write(IgLogLevel.Warning, $"registers cannot be set: the hypervisor completes every store by itself");
        return possible;
    }

    /// <summary>Performs the store. Afterwards the record has the new registers.</summary>
    [SkipLocalsInit]
    public CommitOutcome Complete(VcpuState* vcpu, ref InstructionEffect store, in StoreTarget target)
    {
        IgArchRegs before = vcpu->Regs;
        VcpuRegisters changed = StoreCommit.Apply(ref vcpu->Regs, ref store);
        if (!_appliesDirtyMask && !_hypervisor.Query(QueryInfoClass.SetRegisters, vcpu->Index, ref vcpu->Regs).IsSuccess())
        {
            vcpu->Regs = before;
            return CommitOutcome.Failed;
        }

        CommitOutcome outcome = StoreCommit.Write(_memory, ref store, in target);
        if (outcome == CommitOutcome.Done)
        {
            if (_appliesDirtyMask)
                vcpu->DirtyMask |= changed;
            return outcome;
        }

        vcpu->Regs = before;
        if (!_appliesDirtyMask && !_hypervisor.Query(QueryInfoClass.SetRegisters, vcpu->Index, ref vcpu->Regs).IsSuccess())
            _hypervisor.Log.Write(IgLogLevel.Error, $"registers of vcpu {(int)vcpu->Index} could not be set back after a store failed");
        return outcome;
    }
}
