using System;
using System.Collections.Generic;

namespace Engine.Symbols.Kallsyms;

/// <summary>
/// The compressed names of all symbols, and the way from a name to them. The table stays compressed: a name is put together when it is
/// asked for, in the caller's memory.
/// </summary>
internal sealed class KallsymsNames : IDisposable
{
    private readonly KallsymsTokens _tokens;
    private readonly NativeTable<byte> _compressed;
    private readonly NativeTable<int> _offsets;
    private readonly NativeTable<byte> _types;
    private readonly NameIndex _index;

    /// <param name="tokens">The tokens.</param>
    /// <param name="compressed">The table of names, which is copied.</param>
    /// <param name="count">Number of symbols.</param>
    /// <param name="scheme">How lengths are written.</param>
    public KallsymsNames(KallsymsTokens tokens, ReadOnlySpan<byte> compressed, int count, KallsymsScheme scheme)
    {
        _tokens = tokens;
        _compressed = new NativeTable<byte>(compressed.Length);
        compressed.CopyTo(_compressed.Span);
        _offsets = new NativeTable<int>(count);
        _types = new NativeTable<byte>(count);
        _index = new NameIndex(count);
        Scheme = scheme;
    }

    /// <summary>Number of symbols.</summary>
    public int Count => _offsets.Length;

    /// <summary>How lengths are written.</summary>
    public KallsymsScheme Scheme { get; }

    /// <summary>Symbols whose names have 128 tokens or more.</summary>
    public int LongNames { get; private set; }

    /// <summary>Whether every name could be put together.</summary>
    public bool IsSound { get; private set; } = true;

    /// <summary>Bytes that all of it takes.</summary>
    public long Bytes => _compressed.Bytes + _offsets.Bytes + _types.Bytes + _index.Bytes;

    /// <summary>Indexes all names.</summary>
    public IEnumerable<WorkStep> Build()
    {
        int offset = 0;
        for (int from = 0; from < Count && IsSound; from += Limits.SymbolsPerStep)
        {
            FindNames(from, Math.Min(Count, from + Limits.SymbolsPerStep), ref offset);
            yield return default;
        }

        for (int end = Count; end > 0 && IsSound; end -= Limits.SymbolsPerStep)
        {
            AddNames(Math.Max(0, end - Limits.SymbolsPerStep), end);
            yield return default;
        }
    }

    /// <summary>The letter for the kind of a symbol, as nm has it.</summary>
    public byte TypeOf(int index) => _types[index];

    /// <summary>Puts a name together; returns its bytes. The buffer has <see cref="Limits.MaxSymbolName"/> + 1.</summary>
    public int Read(int index, Span<byte> buffer)
    {
        int length = Expand(index, buffer);
        if (length < 1)
            return 0;
        buffer[1..length].CopyTo(buffer);
        return length - 1;
    }

    /// <summary>The first symbol of a name, by its number; -1: there is none.</summary>
    public int Find(ReadOnlySpan<byte> name) => Find(_index.First(name), name);

    /// <summary>The next symbol of the same name; -1: there is none.</summary>
    public int FindNext(int index, ReadOnlySpan<byte> name) => Find(_index.Next(index), name);

    /// <summary>
    /// The length of a name in tokens at an offset, which is moved behind it. False: it is not in the table.
    /// </summary>
    public static bool TryReadLength(ReadOnlySpan<byte> table, KallsymsScheme scheme, ref int offset, out int length)
    {
        length = 0;
        if ((uint)offset >= (uint)table.Length)
            return false;
        length = table[offset++];
        if (scheme == KallsymsScheme.TwoBytes && (length & 0x80) != 0)
        {
            if (offset >= table.Length)
                return false;
            length = (length & 0x7F) | (table[offset++] << 7);
        }

        return length <= table.Length - offset;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _compressed.Dispose();
        _offsets.Dispose();
        _types.Dispose();
        _index.Dispose();
    }

    private void FindNames(int from, int end, ref int offset)
    {
        ReadOnlySpan<byte> table = _compressed.Span;
        Span<int> offsets = _offsets.Span;
        Span<byte> types = _types.Span;
        for (int i = from; i < end; i++)
        {
            offsets[i] = offset;
            if (!TryReadLength(table, Scheme, ref offset, out int length) || length == 0 || _tokens[table[offset]].IsEmpty)
            {
                IsSound = false;
                return;
            }

            types[i] = _tokens[table[offset]][0];
            LongNames += length >= 0x80 ? 1 : 0;
            offset += length;
        }
    }

    private void AddNames(int from, int end)
    {
        Span<byte> name = stackalloc byte[Limits.MaxSymbolName + 1];
        for (int i = end - 1; i >= from; i--)
        {
            int length = Expand(i, name);
            if (length < 1)
            {
                IsSound = false;
                return;
            }

            _index.Add(i, name[1..length]);
        }
    }

    /// <summary>Puts the type's letter and the name together; -1: it is too long.</summary>
    private int Expand(int index, Span<byte> buffer)
    {
        ReadOnlySpan<byte> table = _compressed.Span;
        int offset = _offsets[index];
        if (!TryReadLength(table, Scheme, ref offset, out int length))
            return -1;

        int done = 0;
        foreach (byte token in table.Slice(offset, length))
        {
            ReadOnlySpan<byte> text = _tokens[token];
            if (text.Length > buffer.Length - done)
                return -1;
            text.CopyTo(buffer[done..]);
            done += text.Length;
        }

        return done;
    }

    private int Find(int candidate, ReadOnlySpan<byte> name)
    {
        Span<byte> other = stackalloc byte[Limits.MaxSymbolName + 1];
        for (int links = 0; candidate >= 0 && links < Limits.MaxNameChain; links++)
        {
            int length = Expand(candidate, other);
            if (length == name.Length + 1 && other[1..length].SequenceEqual(name))
                return candidate;
            candidate = _index.Next(candidate);
        }

        return -1;
    }
}
