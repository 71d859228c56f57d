using System;
using System.Text;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>Names of mnemonics in lower case, as UTF-8, made once: the decoder's own names would allocate.</summary>
internal static class MnemonicNames
{
    /// <summary>Bytes of the longest name and its NUL, as in the reference's interface (spec/10, section 4).</summary>
    public const int MaxLength = 32;

    private static readonly byte[][] s_names = Build();

    /// <summary>Name of a mnemonic by its number; empty for a number that is none.</summary>
    public static ReadOnlySpan<byte> Of(ushort mnemonic) => mnemonic < s_names.Length ? s_names[mnemonic] : [];

    /// <summary>Copies a name and a NUL, cut to what fits; returns the length without the NUL.</summary>
    public static int Copy(ushort mnemonic, Span<byte> text)
    {
        ReadOnlySpan<byte> name = Of(mnemonic);
        name = name[..Math.Min(name.Length, text.Length - 1)];
        name.CopyTo(text);
        text[name.Length] = 0;
        return name.Length;
    }

    private static byte[][] Build()
    {
        string[] names = Enum.GetNames<Mnemonic>();
        byte[][] utf8 = new byte[names.Length][];
        for (int i = 0; i < names.Length; i++)
            utf8[i] = Encoding.UTF8.GetBytes(names[i].ToLowerInvariant());
        return utf8;
    }
}
