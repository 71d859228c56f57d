using System;
using System.Collections.Generic;
using System.Linq;

namespace Build.Measurements;

/// <summary>The events, in the order of the tables. "Asked" is a glue as integrators of the reference have it: nothing is pushed or
/// declared, the engine asks for registers and maps memory.</summary>
public static class BenchCases
{
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        new("c_call", "baseline: C calls C through a pointer"),
        new("empty_export", "baseline: C calls an export that does nothing (`IntLibraryVersion`)"),
        new("a0", "access to a page with no hook", 2581, 300),
        new("a0_asked", "the same, asked", 2581, 300),
        new("a", "(a) store to a hooked page, behind the hooked object, registers pushed", 1144, 500),
        new("a_asked", "(a) the same, asked", 1144, 650),
        new("a_before", "(a4) store before the hooked object, its size not known: decoded each time", 3282, 1200),
        new("a_before_asked", "(a4) the same, asked", 3282, 1200),
        new("a3", "(a3) `push [mem]` before the hooked object, two accesses", 2716, 900),
        new("b", "(b) store to the hooked object, blocked at once, the alert dropped by the limit", 1168, 550),
        new("b_asked", "(b) the same, asked", 1168, 550),
        new("b_same", "store of the bytes that are there, allowed"),
        new("b_alert", "store to the hooked object, blocked, the alert built, logged and delivered"),
        new("d", "(d) CR4 write, one hook", 429, 250),
        new("e", "(e) MSR write, seven hooked", 469, 280),
        new("f", "(f) event injection notice", 309, 200),
        new("g", "(g) breakpoint on nothing of ours", 2788, 700),
        new("i_hit", "(i) translate a linear address, remembered", 957, 160),
        new("i_miss", "(i) the same, an entry changed each time: walked anew", 554, 500),
        new("worst", "the most expensive exit that was found (`bench --worst`), its alert built, logged and delivered", Bar: 100_000),
        new("j_hit", "(j) fetch and decode at RIP (`GetCurrentInstructionLength`), decoded before", 263, 260),
        new("j_miss", "(j) the same, the code changes each time", 2183, 900),
        new("c", "(c) page-table store, monitored entry, the frame changes", 2407, 900),
        new("c2", "(c2) the same, only accessed and dirty change", 1872, 600),
        new("hooks_10", "(a) with 10 one-page hooks besides"),
        new("hooks_1000", "(a) with 1,000"),
        new("hooks_100000", "(a) with 100,000"),
        new("hooks_colliding", "(a) with 2,040 whose frames are 4 MiB apart"),
    ];

    public static BenchCase? Find(string name) =>
        All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.Ordinal));
}
