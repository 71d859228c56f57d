using Build.Runs;

namespace Tests.Linux;

/// <summary>One run of the guest with the engine blocking, for all tests that look at it.</summary>
public sealed class BlockedRun
{
    public GuestRunResult Result { get; } = LinuxGuest.Run(LinuxGuest.Options);
}
