using System;
using System.Collections.Generic;
using Build.Guest;

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
    public ulong EngineOptions { get; init; } = EngineOption.ProtectIdt;

    /// <summary>More arguments of the plug-in, each as key=value.</summary>
    public IReadOnlyList<string> PluginArguments { get; init; } = [];

    /// <summary>Kind of attack: see tests/linux/attack; "none" for a guest that only boots.</summary>
    public string Attack { get; init; } = "idt";

    /// <summary>The gate that is attacked; null for the module's own choice.</summary>
    public int? Vector { get; init; }

    public int Cpus { get; init; } = 1;

    public int MemoryMiB { get; init; } = 512;

    public string Qemu { get; init; } = "qemu-system-x86_64";

    public IReadOnlyList<string> QemuArguments { get; init; } = [];

    public string KernelArguments { get; init; } = "";

    /// <summary>Added to the emulator's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);

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
