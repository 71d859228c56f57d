using System;
using System.Buffers.Binary;

namespace Engine.Symbols.Btf;

/// <summary>Where types and texts lie in a blob of BTF: offsets from its begin, checked against its size.</summary>
/// <param name="Types">Where the types begin.</param>
/// <param name="TypeBytes">Their bytes.</param>
/// <param name="Texts">Where the texts begin.</param>
/// <param name="TextBytes">Their bytes.</param>
internal readonly record struct BtfHeader(int Types, int TypeBytes, int Texts, int TextBytes)
{
    private const ushort Magic = 0xEB9F;
    private const byte Version = 1;
    private const int MinSize = 24;

    /// <summary>Bytes of the whole blob.</summary>
    public int Size => Math.Max(Types + TypeBytes, Texts + TextBytes);

    /// <summary>Reads it. A longer header than today's is legal. False: that is no BTF, or it is not all there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> blob, out BtfHeader header)
    {
        header = default;
        if (blob.Length < MinSize || BinaryPrimitives.ReadUInt16LittleEndian(blob) != Magic || blob[2] != Version)
            return false;

        uint head = BinaryPrimitives.ReadUInt32LittleEndian(blob[4..]);
        if (head < MinSize)
            return false;
        ulong types = (ulong)head + BinaryPrimitives.ReadUInt32LittleEndian(blob[8..]);
        uint typeBytes = BinaryPrimitives.ReadUInt32LittleEndian(blob[12..]);
        ulong texts = (ulong)head + BinaryPrimitives.ReadUInt32LittleEndian(blob[16..]);
        uint textBytes = BinaryPrimitives.ReadUInt32LittleEndian(blob[20..]);
        ulong length = Math.Min((uint)blob.Length, Limits.MaxBtfBytes);
        if (types + typeBytes > length || texts + textBytes > length || types % sizeof(uint) != 0 || textBytes == 0)
            return false;

        // What is compared with a text never runs over its end.
        header = new BtfHeader((int)types, (int)typeBytes, (int)texts, (int)textBytes);
        return blob[(int)(texts + textBytes) - 1] == 0;
    }
}
