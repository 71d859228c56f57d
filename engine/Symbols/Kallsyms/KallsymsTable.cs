using System;

namespace Engine.Symbols.Kallsyms;

/// <summary>
/// All symbols of a kernel's image. By name through a hash, by address through a binary search; neither allocates.
/// </summary>
/// <remarks>Thread safety: nothing changes; any number of threads, until it is disposed of.</remarks>
internal sealed class KallsymsTable : IDisposable
{
    private readonly KallsymsNames _names;
    private readonly NativeTable<ulong> _addresses;
    private readonly NativeTable<int> _order;

    /// <summary>Takes over its parts.</summary>
    /// <param name="names">The names.</param>
    /// <param name="addresses">The addresses, in the kernel's order.</param>
    /// <param name="order">The numbers of the symbols, by rising addresses; of equal ones, by rising numbers.</param>
    /// <param name="place">Where the addresses were.</param>
    /// <param name="encoding">How they were written.</param>
    /// <param name="relativeBase">What they were relative to; 0 if to nothing common.</param>
    public KallsymsTable(
        KallsymsNames names, NativeTable<ulong> addresses, NativeTable<int> order, KallsymsPlace place, KallsymsEncoding encoding,
        ulong relativeBase)
    {
        _names = names;
        _addresses = addresses;
        _order = order;
        Place = place;
        Encoding = encoding;
        RelativeBase = relativeBase;
    }

    /// <summary>Number of symbols.</summary>
    public int Count => _names.Count;

    /// <summary>Where the addresses were.</summary>
    public KallsymsPlace Place { get; }

    /// <summary>How the addresses were written.</summary>
    public KallsymsEncoding Encoding { get; }

    /// <summary>How the lengths of names were written.</summary>
    public KallsymsScheme Scheme => _names.Scheme;

    /// <summary>What the addresses were relative to; 0 if to nothing common.</summary>
    public ulong RelativeBase { get; }

    /// <summary>Symbols whose names have 128 tokens or more.</summary>
    public int LongNames => _names.LongNames;

    /// <summary>Bytes that all of it takes.</summary>
    public long Bytes => _names.Bytes + _addresses.Bytes + _order.Bytes;

    /// <summary>A symbol by its number, which is less than <see cref="Count"/>.</summary>
    public KernelSymbol this[int index] => new(index, _addresses[index], _names.TypeOf(index));

    /// <summary>Puts the name of a symbol together; returns its bytes. The buffer has <see cref="Limits.MaxSymbolName"/> + 1.</summary>
    public int ReadName(int index, Span<byte> buffer) => _names.Read(index, buffer);

    /// <summary>The first symbol of a name. One name of a hundred has several, of functions that are local to a file.</summary>
    public bool TryFind(ReadOnlySpan<byte> name, out KernelSymbol symbol)
    {
        int index = _names.Find(name);
        symbol = index < 0 ? default : this[index];
        return index >= 0;
    }

    /// <summary>The next symbol of the same name.</summary>
    public bool TryFindNext(in KernelSymbol previous, ReadOnlySpan<byte> name, out KernelSymbol symbol)
    {
        int index = _names.FindNext(previous.Index, name);
        symbol = index < 0 ? default : this[index];
        return index >= 0;
    }

    /// <summary>The address of the first symbol of a name; 0: there is none.</summary>
    public ulong AddressOf(ReadOnlySpan<byte> name) => TryFind(name, out KernelSymbol symbol) ? symbol.Address : 0;

    /// <summary>
    /// The symbol that an address belongs to: the last one that does not begin behind it. Of several at the same address global code comes
    /// first, then the first one.
    /// </summary>
    /// <param name="address">Any address.</param>
    /// <param name="symbol">The symbol.</param>
    /// <param name="size">Bytes up to the next symbol with another address; 0: it is the last one, of which the end is not known.</param>
    public bool TryFindAt(ulong address, out KernelSymbol symbol, out ulong size)
    {
        symbol = default;
        size = 0;
        int end = FirstBehind(address);
        if (end == 0)
            return false;

        ReadOnlySpan<int> order = _order.Span;
        ulong start = _addresses[order[end - 1]];
        symbol = this[order[end - 1]];
        for (int i = end - 2, seen = 1; i >= 0 && seen < Limits.MaxSymbolAliases && _addresses[order[i]] == start; i--, seen++)
        {
            KernelSymbol alias = this[order[i]];
            if (alias.Type == (byte)'T' || symbol.Type != (byte)'T')
                symbol = alias;
        }

        size = end < order.Length ? _addresses[order[end]] - start : 0;
        return size != 0 || start == address;
    }

    /// <summary>Bytes from a symbol's address up to the next one with another address; 0: it is the last one.</summary>
    public ulong SizeOf(in KernelSymbol symbol)
    {
        int end = FirstBehind(symbol.Address);
        return end < _order.Length ? _addresses[_order[end]] - symbol.Address : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _names.Dispose();
        _addresses.Dispose();
        _order.Dispose();
    }

    /// <summary>Position, by addresses, of the first symbol that begins behind an address.</summary>
    private int FirstBehind(ulong address)
    {
        ReadOnlySpan<int> order = _order.Span;
        ReadOnlySpan<ulong> addresses = _addresses.Span;
        int low = 0;
        int high = order.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (addresses[order[middle]] <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
