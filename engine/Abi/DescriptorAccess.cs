using System;

namespace Engine.Abi;

/// <summary>Flags of a descriptor-table exit (IG_DESC_ACCESS).</summary>
[Flags]
public enum DescriptorAccess : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>IDTR.</summary>
    Idtr = 1,

    /// <summary>GDTR.</summary>
    Gdtr = 2,

    /// <summary>TR.</summary>
    Tr = 4,

    /// <summary>LDTR.</summary>
    Ldtr = 8,

    /// <summary>The register is read (SIDT and its like).</summary>
    Read = 0x10,

    /// <summary>The register is loaded (LIDT and its like).</summary>
    Write = 0x20,
}
