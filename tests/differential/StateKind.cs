namespace Tests.Differential;

/// <summary>What of extended state an instruction uses.</summary>
internal enum StateKind
{
    None,

    /// <summary>Vector and mask registers.</summary>
    Vectors,

    /// <summary>x87 and MMX.</summary>
    Fpu,

    /// <summary>All of it.</summary>
    All,
}
