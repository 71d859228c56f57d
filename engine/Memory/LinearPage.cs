namespace Engine.Memory;

/// <summary>A page of an address space: what one leaf of the page tables maps.</summary>
/// <param name="Linear">Linear address of its first byte.</param>
/// <param name="Physical">Guest-physical address of its first byte.</param>
/// <param name="Size">Bytes: 4 KiB, or a large page's.</param>
/// <param name="Rights">What its entries say, put together.</param>
internal readonly record struct LinearPage(ulong Linear, ulong Physical, ulong Size, PageRights Rights);
