namespace Engine.Hooks;

/// <summary>Kind of a register that can be hooked.</summary>
internal enum RegisterKind
{
    /// <summary>A control register, by number.</summary>
    Cr,

    /// <summary>A model-specific register, by number.</summary>
    Msr,

    /// <summary>A descriptor-table register: number is <see cref="Abi.DescriptorAccess.Idtr"/> or Gdtr.</summary>
    Dtr,

    /// <summary>An extended control register, by number.</summary>
    Xcr,
}
