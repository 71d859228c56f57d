namespace Tests.Differential;

/// <summary>Where an oracle has code and data; as in its C source.</summary>
/// <param name="Code">Where the first slot is.</param>
/// <param name="CodeSize">Bytes of code.</param>
/// <param name="SlotSize">Bytes of a slot.</param>
/// <param name="Landing">Where calls go.</param>
/// <param name="Data">Where the two pages of data are.</param>
/// <param name="UnknownInstruction">Status of an instruction that the processor does not know.</param>
internal sealed record OracleLayout(ulong Code, int CodeSize, int SlotSize, ulong Landing, ulong Data, uint UnknownInstruction)
{
    public const int Slots = 256;
    public const int DataSize = 0x2000;
    /// <summary>The part of the window that most cases use.</summary>
    public const int UsualLength = 512;
    public const int UsualFirst = (OracleCase.WindowSize - UsualLength) / 2;

    public const int WindowOffset = 0x1000 - (OracleCase.WindowSize / 2);

    public static OracleLayout Host { get; } = new(0x1000_0000, 0x10000, 64, 0x1000_8000, 0x2000_0000, OracleCase.Fault + 4);

    public static OracleLayout Unicorn { get; } = new(0x1000, 0x4000, 32, 0x4000, 0x8000, OracleCase.Fault + 10);

    public ulong Window => Data + WindowOffset;

    public ulong SlotOf(int index) => Code + (ulong)(index % Slots * SlotSize);
}
