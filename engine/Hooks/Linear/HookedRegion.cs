using Engine.Abi;

namespace Engine.Hooks.Linear;

/// <summary>A range of linear addresses that is hooked, one hook a page.</summary>
internal sealed class HookedRegion
{
    /// <summary>First address.</summary>
    public required ulong Linear { get; init; }

    /// <summary>Number of bytes.</summary>
    public required ulong Length { get; init; }

    /// <summary>The one kind of access.</summary>
    public required EptAccess Access { get; init; }

    /// <summary>The hooks, page by page.</summary>
    public required ulong[] Hooks { get; init; }

    /// <summary>Whether an address lies in it.</summary>
    public bool Contains(ulong linear) => linear - Linear < Length;
}
