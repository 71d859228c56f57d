using System;
using System.Collections.Generic;
using System.Linq;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Every form of an instruction, of all that the decoder knows, that stores to memory, by the kind of code.</summary>
internal static class StoreForms
{
    private const int Samples = 64;

    private delegate bool Kind(in Instruction instruction, InstructionInfo info);

    /// <summary>The forms that the generator can make and that store.</summary>
    public static List<Code> All(OracleLayout layout, int bits) => Find(layout, bits, Stores);

    /// <summary>The forms that the generator can make and that only read memory.</summary>
    public static List<Code> Loads(OracleLayout layout, int bits) =>
        Find(layout, bits, static (in Instruction instruction, InstructionInfo info) =>
            !Stores(in instruction, info) && info.GetUsedMemory().Any(used => used.Access is OpAccess.Read or OpAccess.CondRead));

    private static List<Code> Find(OracleLayout layout, int bits, Kind kind)
    {
        // Any processor: what it has enabled does not matter for the making.
        CaseGenerator generator = new(layout, new OracleFacts { Xcr0 = CaseGenerator.StateComponents }, bits);
        InstructionInfoFactory factory = new();
        List<Code> forms = [];
        OracleCase test = default;
        foreach (Code code in Enum.GetValues<Code>())
        {
            if (code.Mnemonic() == Mnemonic.INVALID)
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
                if (kind(in decoded, factory.GetInfo(in decoded)))
                    forms.Add(code);
                break;
            }
        }

        return forms;
    }

    /// <summary>CLZERO is the one store that the decoder's tables do not know.</summary>
    private static bool Stores(in Instruction instruction, InstructionInfo info)
    {
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            if (used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite)
                return true;
        }

        return instruction.Mnemonic == Mnemonic.Clzero;
    }
}
