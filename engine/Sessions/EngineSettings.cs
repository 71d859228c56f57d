using Engine.Abi;
using Engine.Hooks;
using Engine.Hosting;

namespace Engine.Sessions;

/// <summary>What an engine is made of: the two tables, copied, and what the library brings along.</summary>
internal readonly record struct EngineSettings
{
    /// <summary>The glue's table.</summary>
    public required GlueIface Glue { get; init; }

    /// <summary>The services of the process.</summary>
    public required UpperIface Upper { get; init; }

    /// <summary>The functions that must be C.</summary>
    public required NativeShim Shim { get; init; }

    /// <summary>The function that RegisterEPTHandler is given.</summary>
    public required nint EptHandler { get; init; }

    /// <summary>The functions that the handlers of registers are given.</summary>
    public RegisterExitHandlers RegisterHandlers { get; init; }

    /// <summary>The function that RegisterIntroTimerHandler is given.</summary>
    public nint TimerHandler { get; init; }

    /// <summary>The function that RegisterBreakpointHandler is given.</summary>
    public nint BreakpointHandler { get; init; }

    /// <summary>The function that RegisterIntroCallHandler is given.</summary>
    public nint IntroCallHandler { get; init; }

    /// <summary>The function that RegisterEventInjectionHandler is given.</summary>
    public nint InjectionHandler { get; init; }

    /// <summary>For tests alone: every verdict about a guarded object is turned round.</summary>
    public bool InvertVerdicts { get; init; }
}
