using System;
using System.Collections.Generic;

namespace Engine.Symbols.Kallsyms;

/// <summary>
/// The order of addresses: a radix sort, which takes as long for a table that a guest has made up as for one that is sorted, and keeps
/// the order of equal addresses. One byte of the addresses a pass; a byte in which they do not differ costs one look.
/// </summary>
internal sealed class AddressOrder : IDisposable
{
    private const int Values = 256;

    private readonly NativeTable<ulong> _addresses;
    private NativeTable<int> _order;
    private NativeTable<int> _spare;

    /// <param name="addresses">The addresses, which stay the caller's.</param>
    public AddressOrder(NativeTable<ulong> addresses)
    {
        _addresses = addresses;
        _order = new NativeTable<int>(addresses.Length);
        _spare = new NativeTable<int>(addresses.Length);
    }

    /// <summary>Sorts.</summary>
    public IEnumerable<WorkStep> Sort()
    {
        bool isSorted = Begin();
        yield return default;
        for (int shift = 0; shift < 64 && !isSorted; shift += 8)
        {
            Pass(shift);
            yield return default;
        }
    }

    /// <summary>Hands the order over: the numbers of the addresses, from the lowest on.</summary>
    public NativeTable<int> Take()
    {
        NativeTable<int> taken = _order;
        _order = new NativeTable<int>(0);
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _order.Dispose();
        _spare.Dispose();
    }

    private bool Begin()
    {
        ReadOnlySpan<ulong> addresses = _addresses.Span;
        Span<int> order = _order.Span;
        bool isSorted = true;
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            isSorted &= i == 0 || addresses[i] >= addresses[i - 1];
        }

        return isSorted;
    }

    private void Pass(int shift)
    {
        ReadOnlySpan<ulong> addresses = _addresses.Span;
        ReadOnlySpan<int> from = _order.Span;
        Span<int> places = stackalloc int[Values];
        places.Clear();
        foreach (ulong address in addresses)
            places[(int)(address >> shift) & (Values - 1)]++;
        if (places.Contains(addresses.Length))
            return;

        int place = 0;
        foreach (ref int value in places)
            (value, place) = (place, place + value);
        Span<int> to = _spare.Span;
        foreach (int index in from)
            to[places[(int)(addresses[index] >> shift) & (Values - 1)]++] = index;
        (_order, _spare) = (_spare, _order);
    }
}
