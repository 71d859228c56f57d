using System;
using System.Collections.Generic;
using Engine.Memory;
using Engine.Symbols;
using Engine.Symbols.Btf;
using Engine.Symbols.Kallsyms;

namespace Engine.Guests.Linux;

/// <summary>A Linux kernel that was found in a guest's memory, and what is known of it.</summary>
/// <remarks>Thread safety: nothing changes; any number of threads, until it is disposed of.</remarks>
internal sealed class LinuxKernel : IDisposable
{
    /// <summary>Where the image is.</summary>
    public required KernelLayout Layout { get; init; }

    /// <summary>The line by which it introduces itself.</summary>
    public required LinuxBanner Banner { get; init; }

    /// <summary>An address space in which all of the kernel is mapped, whatever process runs: its own, where that is known.</summary>
    public required PagingContext Paging { get; init; }

    /// <summary>Its symbols; null: not found.</summary>
    public KallsymsTable? Symbols { get; init; }

    /// <summary>Its types; null: not found, or at odds with the running kernel.</summary>
    public BtfTypes? Types { get; init; }

    /// <summary>Members of its types; null without types.</summary>
    public LinuxOffsets? Offsets { get; init; }

    /// <summary>Its build id, in hexadecimal; empty: not found.</summary>
    public required string BuildId { get; init; }

    /// <summary>Everything that was found out, in its order.</summary>
    public required IReadOnlyList<GuestFact> Facts { get; init; }

    /// <summary>What is off, since something was not found.</summary>
    public required IReadOnlyList<MissingFeature> Missing { get; init; }

    /// <summary>Memory of the kernel.</summary>
    public LinearReader Reader(GuestMemory memory) => new(memory, Paging);

    /// <inheritdoc/>
    public void Dispose()
    {
        Symbols?.Dispose();
        Types?.Dispose();
    }
}
