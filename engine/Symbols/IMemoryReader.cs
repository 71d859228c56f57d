using System;

namespace Engine.Symbols;

/// <summary>Memory that is read by linear address: that of a running guest, or of an image of a machine that is dead.</summary>
internal interface IMemoryReader
{
    /// <summary>Reads bytes; returns how many of them, from the first on, were there. Never throws.</summary>
    int Read(ulong address, Span<byte> buffer);
}
