using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Events;

/// <summary>
/// Widens rights that the hypervisor withholds although no hook asks for it, so that the guest does not exit for them again and
/// again (spec/12, section 1.1). Needs a glue that can tell rights (GetEPTPageProtection); without it, the access is judged each time.
/// </summary>
/// <remarks>Thread safety: any number of vCPUs at once. What a guest can cause of it is bounded by a rate for the guest, and for a
/// vCPU by Limits.MaxRetriesInRow: rights that are withheld all the same are let be.</remarks>
internal sealed unsafe class RightsRepair
{
    private const ulong PageMask = 0xFFF;

    private readonly FrameHooks _hooks;
    private readonly HostLog _log;
    private readonly RateLimiter _limiter = new(Limits.RightsRepairBurst, Limits.RightsRepairsPerSecond);
    private int _lines;

    public RightsRepair(Hypervisor hypervisor, FrameHooks hooks)
    {
        const GlueCapabilities Needed = GlueCapabilities.FrameRights | GlueCapabilities.ReadRights;
        IsPossible = (hypervisor.Capabilities & Needed) == Needed;
        _hooks = hooks;
        _log = hypervisor.Log;
    }

    /// <summary>Whether the glue can.</summary>
    public bool IsPossible { get; }

    /// <summary>
    /// Tells whether a violation is due to a hook, a disabled one included. If not, rights are widened. The caller holds the claim of
    /// the vCPU.
    /// </summary>
    /// <param name="vcpu">The vCPU's record.</param>
    /// <param name="gpa">Guest-physical address of the exit.</param>
    /// <param name="kinds">Access of the exit.</param>
    /// <param name="widened">Whether they were, so that the access succeeds when it is tried again.</param>
    public bool Validate(VcpuState* vcpu, ulong gpa, EptAccess kinds, out bool widened)
    {
        widened = false;
        if ((_hooks.Map.HookedAccess(gpa >> 12) & kinds) != EptAccess.None)
            return true;
        widened = IsPossible && TryRepair(vcpu, gpa, kinds);
        return false;
    }

    private bool TryRepair(VcpuState* vcpu, ulong gpa, EptAccess kinds)
    {
        if (!VcpuRetries.TryNote(vcpu, (gpa & ~PageMask) | (uint)kinds) || !_limiter.TryTake())
            return false;

        IntStatus status = _hooks.RepairRights(gpa, kinds);
        if (!status.IsSuccess() && status != IntStatus.Busy && System.Threading.Interlocked.Increment(ref _lines) <= Limits.MaxFaultLines)
            _log.Write(IgLogLevel.Warning, $"rights of {gpa:x} were not widened: {status}");
        return status == IntStatus.Success;
    }
}
