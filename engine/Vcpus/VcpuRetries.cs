namespace Engine.Vcpus;

/// <summary>
/// Counts the exits in a row that a vCPU was sent back with for the same reason, so that what does not help is not done for ever.
/// </summary>
/// <remarks>Thread safety: for whoever has claimed the vCPU.</remarks>
internal static unsafe class VcpuRetries
{
    /// <summary>Notes that an exit is to be answered Retry. False: the exits before it were, for the same reason, so often that another
    /// way has to be found; the count begins anew.</summary>
    /// <param name="vcpu">The vCPU's record.</param>
    /// <param name="place">What stands for the reason, the same as long as it is.</param>
    public static bool TryNote(VcpuState* vcpu, ulong place)
    {
        bool goesOn = vcpu->RetryPlace == place && vcpu->RetryEvent + 1 == vcpu->EventId;
        uint count = goesOn ? vcpu->RetryCount + 1 : 1;
        vcpu->RetryPlace = place;
        vcpu->RetryEvent = vcpu->EventId;
        vcpu->RetryCount = count;
        if (count <= Limits.MaxRetriesInRow)
            return true;
        vcpu->RetryCount = 0;
        return false;
    }
}
