using System.Collections.Generic;

namespace Build.Measurements;

/// <summary>The figures that are no cost of an event, in the order of the tables.</summary>
public static class ValueCases
{
    /// <summary>Longest time of the first exit of a fresh process.</summary>
    private const double FirstExitBar = 50_000;

    public static IReadOnlyList<ValueCase> All { get; } =
    [
        new("scale_ratio", "two vCPUs of one guest against two processes with one vCPU each, throughput of (a), median of rounds", "",
            "0.39–0.85 (against one vCPU)", 0.9, AtLeast: true),
        new("first_outside_min", "first exit of a fresh process, a store outside the hooked object: best process", "ns"),
        new("first_outside_median", "the same: median process", "ns", "", FirstExitBar),
        new("first_blocked_min", "first exit of a fresh process, a store that is blocked, with its alert: best process", "ns"),
        new("first_blocked_median", "the same: median process", "ns", "", FirstExitBar),
        new("hook_bytes", "memory a hook, 100,000 of them set", "B", "144 B", 64),
        new("linear_hook_bytes", "the same of hooks on linear addresses, with all that follows their pages", "B", "625 B", 256),
        new("vcpu_record", "record of a vCPU", "B", "1,408 B", 1024),
        new("guest_bytes", "memory of a guest with one vCPU, its hooks and caches", "B", "7.2 MiB", 2 * 1024 * 1024),
        new("library_rss", "resident memory that loading the library and IntInit add to a process", "B"),
    ];
}
