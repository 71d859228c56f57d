namespace Engine.Memory;

/// <summary>An access to a linear address, as far as its being allowed depends on it (SDM 3A, 4.6).</summary>
internal readonly record struct PageAccess
{
    /// <summary>What it does.</summary>
    public PageAccessKind Kind { get; init; }

    /// <summary>It is a user-mode access: made at CPL 3, and not by the processor on its own to a system structure.</summary>
    public bool IsUser { get; init; }

    /// <summary>The processor makes it on its own: to the GDT, LDT, IDT or a TSS. SMAP then forbids user-mode addresses whatever
    /// RFLAGS.AC is.</summary>
    public bool IsImplicit { get; init; }

    /// <summary>RFLAGS.AC: supervisor code may touch user-mode addresses.</summary>
    public bool HasAlignmentCheck { get; init; }

    /// <summary>PKRU: two bits a key, access disabled and write disabled.</summary>
    public uint UserKeys { get; init; }

    /// <summary>IA32_PKRS, in the same form.</summary>
    public uint SupervisorKeys { get; init; }
}
