namespace Engine.Injection;

/// <summary>An execution that was denied, and whose #UD has not been seen to be delivered.</summary>
internal struct PendingUd
{
    /// <summary>Number of the entry, from 1; 0: none.</summary>
    public ulong Id;

    /// <summary>Address space.</summary>
    public ulong Cr3;

    /// <summary>Linear address of the instruction.</summary>
    public ulong Rip;

    /// <summary>The guest's thread.</summary>
    public ulong Thread;
}
