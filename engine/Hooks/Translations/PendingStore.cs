namespace Engine.Hooks.Translations;

/// <summary>The last allowed store of a vCPU to monitored entries; it lands some time after the exit, and has landed by the next one.
/// </summary>
internal struct PendingStore
{
    /// <summary>Guest-physical address of its first byte.</summary>
    public ulong Gpa;

    /// <summary>The same of its bytes in another table.</summary>
    public ulong OtherGpa;

    /// <summary>Bytes that it may have written; 0: none.</summary>
    public int Size;

    /// <summary>Bytes in the other table; 0: none.</summary>
    public int OtherSize;

    /// <summary>The vCPU's exit in which it was judged.</summary>
    public ulong EventId;

    /// <summary>Timer ticks since.</summary>
    public int Ticks;

    /// <summary>What is to be done once it has landed.</summary>
    public PendingState State;
}
