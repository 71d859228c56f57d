using System;
using System.IO;
using System.Text;

namespace Tests.Differential;

/// <summary>Code in a file: where it is there, and which address it has when it runs.</summary>
internal sealed record CodeSection(string Path, ulong Offset, ulong Size, ulong Address)
{
    private const int HeaderSize = 64;
    private const int SectionSize = 64;

    /// <summary>The section .text of a 64-bit ELF file.</summary>
    public static CodeSection TextOf(string path)
    {
        using BinaryReader file = new(File.OpenRead(path));
        byte[] header = file.ReadBytes(HeaderSize);
        long table = BitConverter.ToInt64(header, 0x28);
        int count = BitConverter.ToUInt16(header, 0x3C);
        byte[] sections = At(file, table, count * SectionSize);
        int names = SectionSize * BitConverter.ToUInt16(header, 0x3E);
        byte[] texts = At(file, BitConverter.ToInt64(sections, names + 0x18), BitConverter.ToInt32(sections, names + 0x20));
        for (int at = 0; at < sections.Length; at += SectionSize)
        {
            int name = BitConverter.ToInt32(sections, at);
            if (texts.AsSpan(name).StartsWith(Encoding.ASCII.GetBytes(".text\0")))
            {
                return new CodeSection(
                    path, BitConverter.ToUInt64(sections, at + 0x18), BitConverter.ToUInt64(sections, at + 0x20),
                    BitConverter.ToUInt64(sections, at + 0x10));
            }
        }

        throw new InvalidDataException($"{path} has no .text");
    }

    /// <summary>The code itself.</summary>
    public byte[] Read()
    {
        using BinaryReader file = new(File.OpenRead(Path));
        return At(file, (long)Offset, (int)Size);
    }

    private static byte[] At(BinaryReader file, long offset, int size)
    {
        file.BaseStream.Position = offset;
        return file.ReadBytes(size);
    }
}
