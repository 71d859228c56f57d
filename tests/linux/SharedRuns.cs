using System.Collections.Concurrent;
using Build.Runs;

namespace Tests.Linux;

/// <summary>Runs that several tests look at: the demo, once for each QEMU and mode.</summary>
internal static class SharedRuns
{
    private static readonly ConcurrentDictionary<(string Qemu, DemoMode Mode), GuestRunResult> _demos = new();

    public static GuestRunResult Demo(string qemu, DemoMode mode)
    {
        GuestRunOptions options = LinuxGuest.On(qemu) with
        {
            Attacks = AttackKinds.Demo,
            EngineOptions = EngineOption.ProtectAll | (mode == DemoMode.LogOnly ? EngineOption.LogOnly : 0),
        };
        return _demos.GetOrAdd((qemu, mode), _ => LinuxGuest.Run(options));
    }
}
