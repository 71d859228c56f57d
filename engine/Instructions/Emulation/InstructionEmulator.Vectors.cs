using Engine.Instructions.Emulation.Vectors;
using Iced.Intel;

namespace Engine.Instructions.Emulation;

/// <content>SSE, AVX and AVX-512.</content>
internal static unsafe partial class InstructionEmulator
{
    private static bool DispatchVectors(ref EmulationContext context)
    {
        switch (context.Instruction.Mnemonic)
        {
            case Mnemonic.Movups or Mnemonic.Movupd or Mnemonic.Movdqu or Mnemonic.Vmovups or Mnemonic.Vmovupd or
                Mnemonic.Vmovdqu or Mnemonic.Vmovdqu8 or Mnemonic.Vmovdqu16 or Mnemonic.Vmovdqu32 or Mnemonic.Vmovdqu64 or
                Mnemonic.Movss or Mnemonic.Movd or Mnemonic.Movq or Mnemonic.Movlps or Mnemonic.Movlpd or Mnemonic.Movntss or
                Mnemonic.Movntsd or Mnemonic.Vmovss or Mnemonic.Vmovsd or Mnemonic.Vmovsh or Mnemonic.Vmovd or Mnemonic.Vmovq or
                Mnemonic.Vmovw or Mnemonic.Vmovlps or Mnemonic.Vmovlpd:
                return VectorStores.Emulate(ref context, first: 0, isAligned: false);
            case Mnemonic.Movaps or Mnemonic.Movapd or Mnemonic.Movdqa or Mnemonic.Movntdq or Mnemonic.Movntps or
                Mnemonic.Movntpd or Mnemonic.Vmovaps or Mnemonic.Vmovapd or Mnemonic.Vmovdqa or Mnemonic.Vmovdqa32 or
                Mnemonic.Vmovdqa64 or Mnemonic.Vmovntdq or Mnemonic.Vmovntps or Mnemonic.Vmovntpd:
                return VectorStores.Emulate(ref context, first: 0, isAligned: true);
            case Mnemonic.Movhps or Mnemonic.Movhpd or Mnemonic.Vmovhps or Mnemonic.Vmovhpd:
                return VectorStores.Emulate(ref context, first: sizeof(ulong), isAligned: false);
            case Mnemonic.Stmxcsr or Mnemonic.Vstmxcsr:
                return VectorStores.StoreMxcsr(ref context);
            case Mnemonic.Kmovb or Mnemonic.Kmovw or Mnemonic.Kmovd or Mnemonic.Kmovq:
                return VectorStores.StoreMask(ref context);
            case Mnemonic.Pextrb or Mnemonic.Pextrw or Mnemonic.Pextrd or Mnemonic.Pextrq or Mnemonic.Extractps or
                Mnemonic.Vpextrb or Mnemonic.Vpextrw or Mnemonic.Vpextrd or Mnemonic.Vpextrq or Mnemonic.Vextractps or
                Mnemonic.Vextractf128 or Mnemonic.Vextracti128 or Mnemonic.Vextractf32x4 or Mnemonic.Vextractf64x2 or
                Mnemonic.Vextractf32x8 or Mnemonic.Vextractf64x4 or Mnemonic.Vextracti32x4 or Mnemonic.Vextracti64x2 or
                Mnemonic.Vextracti32x8 or Mnemonic.Vextracti64x4:
                return ExtractStores.Emulate(ref context);
            case Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu:
                return MaskedStores.EmulateImplied(ref context);
            case Mnemonic.Vmaskmovps or Mnemonic.Vpmaskmovd:
                return MaskedStores.Emulate(ref context, sizeof(uint));
            case Mnemonic.Vmaskmovpd or Mnemonic.Vpmaskmovq:
                return MaskedStores.Emulate(ref context, sizeof(ulong));
            case Mnemonic.Vcompressps or Mnemonic.Vcompresspd or Mnemonic.Vpcompressb or Mnemonic.Vpcompressw or
                Mnemonic.Vpcompressd or Mnemonic.Vpcompressq:
                return CompressStores.Emulate(ref context);
            case Mnemonic.Vcvtps2ph:
                return HalfStores.Emulate(ref context);
            case Mnemonic.Vpmovwb:
                return NarrowStores.Emulate(ref context, sizeof(ushort), Narrowing.Cut);
            case Mnemonic.Vpmovswb:
                return NarrowStores.Emulate(ref context, sizeof(ushort), Narrowing.Signed);
            case Mnemonic.Vpmovuswb:
                return NarrowStores.Emulate(ref context, sizeof(ushort), Narrowing.Unsigned);
            case Mnemonic.Vpmovdb or Mnemonic.Vpmovdw:
                return NarrowStores.Emulate(ref context, sizeof(uint), Narrowing.Cut);
            case Mnemonic.Vpmovsdb or Mnemonic.Vpmovsdw:
                return NarrowStores.Emulate(ref context, sizeof(uint), Narrowing.Signed);
            case Mnemonic.Vpmovusdb or Mnemonic.Vpmovusdw:
                return NarrowStores.Emulate(ref context, sizeof(uint), Narrowing.Unsigned);
            case Mnemonic.Vpmovqb or Mnemonic.Vpmovqw or Mnemonic.Vpmovqd:
                return NarrowStores.Emulate(ref context, sizeof(ulong), Narrowing.Cut);
            case Mnemonic.Vpmovsqb or Mnemonic.Vpmovsqw or Mnemonic.Vpmovsqd:
                return NarrowStores.Emulate(ref context, sizeof(ulong), Narrowing.Signed);
            case Mnemonic.Vpmovusqb or Mnemonic.Vpmovusqw or Mnemonic.Vpmovusqd:
                return NarrowStores.Emulate(ref context, sizeof(ulong), Narrowing.Unsigned);
            case Mnemonic.Vpscatterdd or Mnemonic.Vpscatterdq or Mnemonic.Vscatterdps or Mnemonic.Vscatterdpd:
                return ScatterStores.Emulate(ref context, sizeof(uint));
            case Mnemonic.Vpscatterqd or Mnemonic.Vpscatterqq or Mnemonic.Vscatterqps or Mnemonic.Vscatterqpd:
                return ScatterStores.Emulate(ref context, sizeof(ulong));
            default:
                return false;
        }
    }
}
