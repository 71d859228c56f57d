using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Sessions;
using Exports.EntryPoints;

namespace Exports;

/// <summary>The one engine of the process, from IntInit to IntUninit.</summary>
internal static unsafe partial class Library
{
    private static readonly Lock s_lifecycle = new();
    private static IntroEngine? s_stopped;

    /// <summary>The engine, also after the kill switch: for what gives something back.</summary>
    public static IntroEngine? EngineOrStopped => CurrentEngine.Value ?? Volatile.Read(ref s_stopped);

    /// <summary>IntInit without its fault handling.</summary>
    public static IntStatus Init(GlueIface* glue, UpperIface* upper)
    {
        lock (s_lifecycle)
        {
            if (EngineOrStopped is not null)
                return IntStatus.AlreadyInitializedHint;

            NativeShim shim = *ShimLibrary.Install(out int error);
            if (error != 0)
                return IntStatus.UnexpectedIoError;

            IntStatus status = IntroEngine.Check(glue, upper, in shim);
            if (!status.IsSuccess())
                return status;

            EngineSettings settings = new()
            {
                Glue = *glue,
                Upper = *upper,
                Shim = shim,
                EptHandler = ExitHandlers.EptViolationAddress,
                RegisterHandlers = ExitHandlers.RegisterHandlers,
                TimerHandler = ExitHandlers.TimerAddress,
                BreakpointHandler = ExitHandlers.BreakpointAddress,
                IntroCallHandler = ExitHandlers.IntroCallAddress,
                InjectionHandler = ExitHandlers.EventInjectionAddress,
            };
            ApplyTestSettings(ref settings);
            EngineWarmup.Run(in shim);
            EngineHalf.Fill(glue);
            CurrentEngine.Value = new IntroEngine(in settings);
            return IntStatus.Success;
        }
    }

    /// <summary>IntUninit without its fault handling.</summary>
    public static IntStatus Uninit()
    {
        lock (s_lifecycle)
        {
            if (EngineOrStopped is not { } engine)
                return IntStatus.NotNeededHint;

            IntStatus status = engine.Close();
            if (!status.IsSuccess())
                return status;

            CurrentEngine.Value = null;
            Volatile.Write(ref s_stopped, null);
            return IntStatus.Success;
        }
    }

    /// <summary>IntEmergencyStop without its fault handling. The first two lines take no lock, so that handlers are turned away at
    /// once, whatever else is under way.</summary>
    public static IntStatus EmergencyStop()
    {
        if (CurrentEngine.Take() is { } engine)
            Volatile.Write(ref s_stopped, engine);
        return Volatile.Read(ref s_stopped) is { } stopped ? stopped.Close() : IntStatus.NotNeededHint;
    }

    /// <summary>Only the variant for tests has a body: see TestHooks.</summary>
    static partial void ApplyTestSettings(ref EngineSettings settings);
}
