namespace Engine.Symbols;

/// <summary>Where the page tables show a Linux kernel's image: what symbols are checked against (spec/33, 1.2).</summary>
/// <param name="Text">Executable and read-only pages, from the image's base on.</param>
/// <param name="Rodata">Pages that are neither executable nor writable.</param>
/// <param name="End">The end of the last page of the image.</param>
internal readonly record struct KernelLayout(AddressRange Text, AddressRange Rodata, ulong End)
{
    /// <summary>Address of the image's first byte.</summary>
    public ulong Base => Text.Start;
}
