namespace Tests.Differential;

/// <summary>Where an oracle has code and data; as in its C source.</summary>
internal sealed record OracleLayout(ulong Code, int CodeSize, int SlotSize, ulong Landing, ulong Data)
{
    public const int Slots = 256;
    public const int DataSize = 0x2000;
    public const int WindowOffset = 0x1000 - (OracleCase.WindowSize / 2);

    public static OracleLayout Host { get; } = new(0x1000_0000, 0x10000, 64, 0x1000_8000, 0x2000_0000);

    public static OracleLayout Unicorn { get; } = new(0x1000, 0x4000, 32, 0x4000, 0x8000);

    public ulong Window => Data + WindowOffset;

    public ulong SlotOf(int index) => Code + (ulong)(index % Slots * SlotSize);
}
