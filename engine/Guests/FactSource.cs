namespace Engine.Guests;

/// <summary>Where a fact about a guest comes from.</summary>
internal enum FactSource
{
    /// <summary>Registers of a vCPU.</summary>
    Registers,

    /// <summary>The rights that the page tables give.</summary>
    PageTables,

    /// <summary>What memory holds, recognised by its form.</summary>
    Content,

    /// <summary>The kernel's table of symbols.</summary>
    Symbols,

    /// <summary>The kernel's types.</summary>
    Types,

    /// <summary>The note that the kernel keeps for crash dumps, which is ordinary data.</summary>
    CrashNote,

    /// <summary>An object of the running kernel.</summary>
    LiveObject,
}
