namespace Engine.Memory;

/// <summary>What became of a compare-exchange in guest memory.</summary>
internal enum ExchangeOutcome
{
    /// <summary>The bytes were the expected ones and have been replaced.</summary>
    Done,

    /// <summary>The bytes were others; nothing was written.</summary>
    Differs,

    /// <summary>The memory cannot be written; nothing was written.</summary>
    Absent,
}
