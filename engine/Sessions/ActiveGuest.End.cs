using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Events;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <content>Power states, and whether the guest can be let go.</content>
internal sealed unsafe partial class ActiveGuest
{
    private volatile GuestPowerState _power = GuestPowerState.Resume;

    /// <summary>Whether the guest is asleep: its options are not changed then.</summary>
    public bool IsAsleep => _power == GuestPowerState.Sleep;

    /// <summary>Whoever has put something into the guest, and is asked before it is let go. By one thread at a time, between Start and
    /// TryClose.</summary>
    public List<IUnloadCheck> UnloadChecks { get; } = [];

    /// <summary>The end of an exit that has something to do besides: before its vCPU is given back, pages that somebody waits for and
    /// rights that have changed; after, the guest's end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus LeaveWithChores(VcpuBlock* block, IntroAction action, IntStatus status)
    {
        if (_chores.Has(ExitChore.SettleTranslations))
            _translationHooks.SettleAtExit(&block->Record);
        if (_chores.Has(ExitChore.SwapIn) && block->Record.State != VcpuStateKind.EventInjection)
            _swap.PreReturn(&block->Record);
        EndWithChores(block, action);
        return TryEnd() ? End.Status : status;
    }

    private void EndWithChores(VcpuBlock* block, IntroAction action)
    {
        if (_chores.Has(ExitChore.CommitRights))
            CommitHooks();
        CloseRecord(block, action);

        // While the claim is held, so that the guest's end waits for the glue's function.
        if (_chores.Has(ExitChore.UnmapPages))
            _retiredMappings!.Collect();
        ClaimTable.Release(&block->Claim);
        if (_chores.Has(ExitChore.FreeBlocks))
            _retired.Collect();
    }

    /// <summary>Gives a vCPU back whose exit is turned away.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus TurnAway(VcpuBlock* block)
    {
        ClaimTable.Release(&block->Claim);
        TryEnd();
        return IntStatus.NotInitializedHint;
    }

    /// <summary>If the guest's end was asked for from within, it is let go here, where no exit counts as being inside, unless another one
    /// is; then the next one tries again. False: it was not asked for.</summary>
    private bool TryEnd()
    {
        if (!_chores.Has(ExitChore.EndGuest))
            return false;
        _endGuest(this);
        return true;
    }

    /// <summary>Whether the guest can do without everything that was put into it, at this moment.</summary>
    public bool MayUnload()
    {
        using PauseScope pause = PauseScope.Take(Hypervisor);
        foreach (IUnloadCheck check in UnloadChecks)
        {
            if (!check.MayUnload(in pause))
                return false;
        }

        return true;
    }

    /// <summary>
    /// NotifyGuestPowerStateChange. Guarding goes on in every state, since vCPUs may still run, and no thread is held up: asleep, the timer
    /// does nothing and options do not change. When the guest comes back, what was to be injected is lost, and is asked for again where
    /// it is still wanted. Shutting down, nothing is injected any more, and reads that wait are cancelled.
    /// <see cref="IntStatus.NotNeededHint"/>: it is in that state.
    /// </summary>
    public IntStatus ChangePowerState(GuestPowerState state)
    {
        GuestPowerState before = _power;
        if (state == before)
            return IntStatus.NotNeededHint;

        // There is no way back from these two but a reset.
        if (before is GuestPowerState.ShutDown or GuestPowerState.Terminating && state != GuestPowerState.Terminating)
            return IntStatus.NotNeededHint;

        _power = state;
        switch (state)
        {
            case GuestPowerState.Resume:
                _injector.ForgetAll();
                _swap.ForgetFaults();
                break;
            case GuestPowerState.ShutDown or GuestPowerState.Terminating:
                _injector.Stop(true);
                _swap.Close();
                break;
            default:
                break;
        }

        Hypervisor.Log.Write(IgLogLevel.Info, $"power state {(int)state}");
        return IntStatus.Success;
    }
}
