using System;

namespace Tests.Differential;

/// <summary>A small generator of random numbers (SplitMix64) whose state is its seed, so that a case is known by one number.</summary>
internal struct CaseRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to count - 1.</summary>
    public int Below(int count) => (int)((uint)(Next() >> 33) % (uint)count);

    public bool Chance(int percent) => Below(100) < percent;

    /// <summary>A number between two, both included.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>A value that instructions find interesting: often at a border.</summary>
    public ulong Value()
    {
        ulong value = Next();
        return Below(8) switch
        {
            0 => 0,
            1 => ulong.MaxValue >> Below(64),
            2 => 1UL << Below(64),
            3 => (1UL << Below(64)) - (ulong)Below(2),
            4 => (ulong)(sbyte)value,
            5 => value & 0xFF,
            _ => value,
        };
    }

    public void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += sizeof(ulong))
            BitConverter.TryWriteBytes(bytes[i..], Below(4) == 0 ? Value() : Next());
    }
}
