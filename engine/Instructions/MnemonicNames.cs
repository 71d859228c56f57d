using System;
using System.Text;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>Names of mnemonics in lower case, as UTF-8, made once: the decoder's own names would allocate.</summary>
internal static class MnemonicNames
{
    private static readonly byte[][] s_names = Build();

    /// <summary>Name of a mnemonic by its number; empty for a number that is none.</summary>
    public static ReadOnlySpan<byte> Of(ushort mnemonic) => mnemonic < s_names.Length ? s_names[mnemonic] : [];

    private static byte[][] Build()
    {
        string[] names = Enum.GetNames<Mnemonic>();
        byte[][] utf8 = new byte[names.Length][];
        for (int i = 0; i < names.Length; i++)
            utf8[i] = Encoding.UTF8.GetBytes(names[i].ToLowerInvariant());
        return utf8;
    }
}
