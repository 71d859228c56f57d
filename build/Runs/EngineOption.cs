namespace Build.Runs;

/// <summary>Options of the engine that the runs use; the values are those of introcore.h.</summary>
public static class EngineOption
{
    /// <summary>Guard the interrupt descriptor table.</summary>
    public const ulong ProtectIdt = 0x8;

    /// <summary>Report, and let it happen.</summary>
    public const ulong LogOnly = 0x4000000;
}
