using System;
using System.Collections.Generic;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Every form of an instruction, of all that the decoder knows, that stores to memory, by the kind of code.</summary>
internal static class StoreForms
{
    private const int Samples = 24;

    /// <summary>The forms that the generator can make and that store, EVEX and the like left out.</summary>
    public static List<Code> All(OracleLayout layout, int bits)
    {
        CaseGenerator generator = new(layout, bits);
        InstructionInfoFactory factory = new();
        List<Code> forms = [];
        OracleCase test = default;
        foreach (Code code in Enum.GetValues<Code>())
        {
            if (code.Encoding() is not (EncodingKind.Legacy or EncodingKind.VEX) || code.Mnemonic() == Mnemonic.INVALID)
                continue;
            for (ulong seed = 0; seed < Samples; seed++)
            {
                if (!generator.TryGenerate(code, seed, 0, ref test))
                    continue;
                Decoder decoder = Decoder.Create(bits, OracleCase.CodeOf(ref test).ToArray());
                decoder.IP = layout.Code;
                Instruction decoded = decoder.Decode();
                if (decoded.Code != code)
                    continue;
                if (Stores(factory.GetInfo(in decoded)))
                    forms.Add(code);
                break;
            }
        }

        return forms;
    }

    private static bool Stores(InstructionInfo info)
    {
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            if (used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite)
                return true;
        }

        return false;
    }
}
