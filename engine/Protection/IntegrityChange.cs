using System;

namespace Engine.Protection;

/// <summary>A region that has changed.</summary>
internal readonly ref struct IntegrityChange
{
    /// <summary>The region's id.</summary>
    public required ulong Id { get; init; }

    /// <summary>What it was added with.</summary>
    public required ulong Cookie { get; init; }

    /// <summary>Address of the region.</summary>
    public required ulong Linear { get; init; }

    /// <summary>Bytes of the region.</summary>
    public required int Length { get; init; }

    /// <summary>Where the changed bytes begin in it.</summary>
    public required int Offset { get; init; }

    /// <summary>From the first changed byte to the last one, as they were.</summary>
    public required ReadOnlySpan<byte> Old { get; init; }

    /// <summary>The same as they were found.</summary>
    public required ReadOnlySpan<byte> New { get; init; }

    /// <summary>How often it was found changed, this time included.</summary>
    public required int Count { get; init; }
}
