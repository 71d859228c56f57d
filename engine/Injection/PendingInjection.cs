namespace Engine.Injection;

/// <summary>What is known of the injection that a vCPU's record says is outstanding, besides the record.</summary>
internal struct PendingInjection
{
    /// <summary>Exit in which it was asked for.</summary>
    public ulong EventId;

    /// <summary>Where the vCPU was then.</summary>
    public ulong Rip;

    /// <summary>Whether <see cref="Rip"/> is known.</summary>
    public bool HasRip;

    /// <summary>When it was asked for, in milliseconds of the process's clock.</summary>
    public long Time;

    /// <summary>Generation of the injector then: an older one means that the vCPUs were reset since.</summary>
    public int Generation;

    /// <summary>For whoever asked; 0: nobody is told what became of it.</summary>
    public ulong Cookie;
}
