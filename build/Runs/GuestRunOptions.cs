using System;
using System.Collections.Generic;
using Build.Guest;
using Build.Qemu;

namespace Build.Runs;

/// <summary>How a guest is run.</summary>
public sealed record GuestRunOptions
{
    public required GuestImages Images { get; init; }

    /// <summary>The plug-in; null runs the guest unwatched.</summary>
    public string? Plugin { get; init; }

    /// <summary>The library that the plug-in loads.</summary>
    public string? Library { get; init; }

    /// <summary>The engine's options for the guest.</summary>
    public ulong EngineOptions { get; init; } = EngineOption.ProtectAll;

    /// <summary>The engine's guards beyond its options.</summary>
    public ulong Guards { get; init; } = EngineOption.GuardAll;

    /// <summary>More arguments of the plug-in, each as key=value.</summary>
    public IReadOnlyList<string> PluginArguments { get; init; } = [];

    /// <summary>Kinds of attacks, one load of the module each; empty for a guest that only boots.</summary>
    public IReadOnlyList<string> Attacks { get; init; } = ["idt"];

    /// <summary>Parameters of the module: name=value each.</summary>
    public IReadOnlyList<string> AttackParameters { get; init; } = [];

    /// <summary>The CPU model: with what the attacks take away.</summary>
    public string CpuModel { get; init; } = "qemu64,+smep,+smap,+umip";

    public int Cpus { get; init; } = 1;

    public int MemoryMiB { get; init; } = 512;

    public QemuProgram Qemu { get; init; } = QemuProgram.OnPath;

    public IReadOnlyList<string> QemuArguments { get; init; } = [];

    public string KernelArguments { get; init; } = "";

    /// <summary>Whether a reboot of the guest resets the machine; else it ends the run.</summary>
    public bool MayReboot { get; init; }

    /// <summary>Added to the emulator's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Steers the guest while it runs, from its first moment; null: nobody does. What it throws ends the run.</summary>
    public Action<GuestConsole>? Script { get; init; }

    /// <summary>Gets each line when it comes, one at a time.</summary>
    public Action<TranscriptLine>? Live { get; init; }

    /// <summary>The guest, the plug-in and the library that the build program makes.</summary>
    public static GuestRunOptions For(ProjectPaths paths) => new()
    {
        Images = GuestKit.Locate(paths),
        Plugin = paths.QemuPlugin,
        Library = paths.Library,
    };
}
