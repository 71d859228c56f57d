using Iced.Intel;

namespace Engine.Instructions;

/// <summary>Feeds a decoder from a buffer that does not move. One instance a decoder, pointed at new bytes before each use.</summary>
internal sealed unsafe class PointerCodeReader : CodeReader
{
    private byte* _next;
    private byte* _end;

    /// <summary>Points the reader at <paramref name="length"/> bytes.</summary>
    public void Reset(byte* bytes, int length)
    {
        _next = bytes;
        _end = bytes + length;
    }

    /// <inheritdoc/>
    public override int ReadByte() => _next < _end ? *_next++ : -1;
}
