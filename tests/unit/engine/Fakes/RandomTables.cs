using System;
using CsCheck;
using Engine.Memory;

namespace Tests.Unit.Fakes;

/// <summary>
/// Memory that is full of random paging entries, so that a walk reads any of them as any level. They lean to what a walk can go on
/// with: present, a table inside memory; sometimes a large page, a reserved bit, or nonsense.
/// </summary>
internal sealed class RandomTables : IDisposable
{
    private const int Pages = 8;

    private static readonly int[] s_widths = [52, 52, 46, 36];

    private readonly PagingMode _mode;

    public RandomTables(PagingMode mode)
    {
        _mode = mode;
        Memory = Ram.Declare();
    }

    public static Gen<RandomCase> Cases { get; } = Gen.Select(
        Entry.Array[64], Linear.Array[40], Gen.ULong, Gen.Bool, Gen.Bool, Gen.Int[0, 3],
        (entries, linears, seed, pse, nxe, width) => new RandomCase(entries, linears, seed, pse, nxe, s_widths[width]));

    public GuestRam Ram { get; } = new(Pages);

    public GuestMemory Memory { get; }

    private static Gen<ulong> Entry => Gen.Select(Gen.Int[0, 15], Gen.Int[0, Pages - 1], Gen.ULong, (kind, page, noise) => kind switch
    {
        0 => noise,
        1 => noise & ~1UL,
        2 => (noise & 0x000F_FFFF_FFFF_F020) | 1,
        3 => ((ulong)page << 12) | (noise & 0xF7E) | 0x81,
        4 => ((noise & 0x000F_FFFF_C000_0000) | (noise & 0x1F7E)) | 0x81,
        5 => (noise & 0xFFC0_0F7E) | 0x81,
        6 => ((ulong)page << 12) | (noise & 0x8000_0000_0000_0F7E) | 1,
        7 => ((ulong)page << 12) | (noise & 0x7800_0000_0000_0F7E) | 1,
        8 => ((ulong)page << 12) | (noise & 0x0000_0000_0000_0F78) | 7,

        // What PAE takes as a pointer, too.
        9 or 10 => ((ulong)page << 12) | (noise & 0xE18) | 1,
        _ => ((ulong)page << 12) | (noise & 0xF78) | 1,
    });

    private static Gen<ulong> Linear => Gen.Select(Gen.ULong, Gen.Int[0, 3], (value, kind) => kind switch
    {
        0 => value,
        1 => value & 0x0000_7FFF_FFFF_FFFF,
        2 => value | 0xFFFF_8000_0000_0000,
        _ => value & 0x0000_6030_1812_0FFF,
    });

    /// <summary>Spreads the entries over all of memory, and gives the registers that go with them.</summary>
    public PagingContext Fill(RandomCase drawn)
    {
        for (ulong at = 0; at < Ram.Size; at += 8)
            Ram.Write(at, drawn.Entries[(int)((((at / 8) * 0x9E37_79B9_7F4A_7C15) ^ drawn.Seed) >> 58)]);

        Memory.SetPhysicalAddressBits(drawn.PhysicalBits);
        ulong cr4 = (drawn.HasLargePages32 ? 1UL << 4 : 0) | (_mode == PagingMode.Bits32 ? 0 : 1UL << 5) |
            (_mode == PagingMode.Level5 ? 1UL << 12 : 0);
        ulong efer = (_mode >= PagingMode.Level4 ? 1UL << 10 : 0) | (drawn.HasNoExecute ? 1UL << 11 : 0);
        return new PagingContext(0x8000_0001, RootOf(drawn), cr4, efer, Vcpu);
    }

    /// <summary>The vCPU of the contexts.</summary>
    public uint Vcpu { get; init; } = PagingContext.NoVcpu;

    /// <summary>What an address should give.</summary>
    public ReferenceTranslation Expect(RandomCase drawn, ulong linear) => ReferenceWalk.Translate(
        Ram, _mode, RootOf(drawn), drawn.HasLargePages32, drawn.HasNoExecute, drawn.PhysicalBits, linear);

    public void Dispose() => Ram.Dispose();

    private static ulong RootOf(RandomCase drawn) => ((drawn.Seed & 7) << 12) | (drawn.Seed & 0x18);
}
