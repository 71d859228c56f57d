namespace Engine.Symbols.Kallsyms;

/// <summary>How the length of a compressed name is written (spec/33, 2.2).</summary>
internal enum KallsymsScheme
{
    /// <summary>One byte; kernels up to 6.0.</summary>
    OneByte,

    /// <summary>One byte, or two if the first has bit 7: 7 bits, then those above; since 6.1.</summary>
    TwoBytes,
}
