using System;
using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests;

/// <summary>Guest memory by linear address, in one address space.</summary>
/// <param name="memory">The guest's memory.</param>
/// <param name="paging">The address space.</param>
internal sealed class LinearReader(GuestMemory memory, PagingContext paging) : IMemoryReader
{
    private readonly PagingContext _paging = paging;

    /// <summary>The guest's memory.</summary>
    public GuestMemory Memory => memory;

    /// <summary>The address space.</summary>
    public PagingContext Paging => _paging;

    /// <inheritdoc/>
    public int Read(ulong address, Span<byte> buffer) => LinearMemory.Read(memory, in _paging, address, buffer, out _);

    /// <summary>The same memory in another address space.</summary>
    public LinearReader WithCr3(ulong cr3) => new(memory, _paging.WithCr3(cr3));
}
