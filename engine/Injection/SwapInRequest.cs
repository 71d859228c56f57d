using Engine.Memory;

namespace Engine.Injection;

/// <summary>A read of memory that may be absent.</summary>
internal readonly struct SwapInRequest
{
    /// <summary>Registers of a walk in its address space. Of these the mode and CR3 are kept.</summary>
    public required PagingContext Paging { get; init; }

    /// <summary>It is the kernel's memory, which every address space has: a page fault in kernel mode brings it, in any of them.
    /// </summary>
    public bool IsKernel { get; init; }

    /// <summary>Linear address of the first byte.</summary>
    public required ulong Linear { get; init; }

    /// <summary>Number of bytes, from 1 to <see cref="Limits.MaxSwapLength"/>.</summary>
    public required int Length { get; init; }

    /// <summary>How the pages come into memory.</summary>
    public SwapInOptions Options { get; init; }

    /// <summary>Who gets the bytes.</summary>
    public required ISwapInHandler Handler { get; init; }

    /// <summary>For the handler.</summary>
    public ulong Cookie { get; init; }
}
