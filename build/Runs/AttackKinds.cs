using System;
using System.Collections.Generic;
using System.Linq;

namespace Build.Runs;

/// <summary>The attacks of the guest's module: see tests/linux/attack.</summary>
public static class AttackKinds
{
    /// <summary>What the demo shows: one load of the module each.</summary>
    public static IReadOnlyList<string> Demo { get; } = ["idt", "cr0wp", "lstar", "smep", "lidt"];

    public static IReadOnlyList<string> All { get; } = [.. Demo, "unaligned", "rmw", "or", "both"];

    /// <summary>What an attack is, in few words.</summary>
    public static string Describe(string kind) => kind switch
    {
        "idt" => "an interrupt gate leads elsewhere",
        "unaligned" => "a store over two gates",
        "rmw" => "a gate changed by lock xor",
        "or" => "a gate changed by lock or",
        "both" => "two CPUs store to gates at once",
        "cr0wp" => "CR0.WP cleared: read-only pages writable",
        "lstar" => "system calls lead elsewhere",
        "smep" => "CR4.SMEP cleared: user code runs as kernel",
        "lidt" => "another interrupt table",
        _ => "",
    };

    public static bool IsKnown(string kind) => All.Contains(kind, StringComparer.Ordinal);
}
