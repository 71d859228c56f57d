namespace Engine.Symbols.Kallsyms;

/// <summary>A symbol of a kernel.</summary>
/// <param name="Index">Its number in the kernel's table.</param>
/// <param name="Address">Its address; of what each processor has its own of, in kernels up to 6.14, the offset in a processor's area.
/// </param>
/// <param name="Type">The letter for its kind, as nm has it: T for global code, t for local code, D and d for data, A for a number.
/// </param>
internal readonly record struct KernelSymbol(int Index, ulong Address, byte Type)
{
    /// <summary>Whether it is code.</summary>
    public bool IsCode => (Type | 0x20) is 't' or 'w';

    /// <summary>Whether it is known outside of its source file.</summary>
    public bool IsGlobal => Type is >= (byte)'A' and <= (byte)'Z';
}
