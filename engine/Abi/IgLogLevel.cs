namespace Engine.Abi;

/// <summary>Level of a log line (IG_LOG_LEVEL).</summary>
public enum IgLogLevel
{
    /// <summary>For those who work on the engine.</summary>
    Debug = 0,

    /// <summary>What the engine does.</summary>
    Info = 1,

    /// <summary>Something is missing or odd; the engine goes on.</summary>
    Warning = 2,

    /// <summary>Something failed, or an attack was seen.</summary>
    Error = 3,

    /// <summary>Protection is lost.</summary>
    Critical = 4,
}
