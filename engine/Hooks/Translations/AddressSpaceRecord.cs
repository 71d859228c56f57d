namespace Engine.Hooks.Translations;

/// <summary>An address space of which something is watched.</summary>
/// <remarks>Unmanaged; under the lock of TranslationHooks.</remarks>
internal struct AddressSpaceRecord
{
    /// <summary>For the pool.</summary>
    public int NextFree;

    /// <summary>Guest-physical address of its first table.</summary>
    public ulong Root;

    /// <summary>Its mode.</summary>
    public PagingGeometry Geometry;

    /// <summary>Node of the first table.</summary>
    public int RootNode;
}
