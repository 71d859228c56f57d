using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Sessions;

namespace Exports;

/// <summary>The one engine of the process, from IntInit to IntUninit.</summary>
internal static unsafe partial class Library
{
    private static readonly Lock s_lifecycle = new();
    private static IntroEngine? s_engine;

    /// <summary>The engine, or null before IntInit and after IntUninit.</summary>
    public static IntroEngine? Engine => Volatile.Read(ref s_engine);

    /// <summary>IntInit without its fault handling.</summary>
    public static IntStatus Init(GlueIface* glue, UpperIface* upper)
    {
        lock (s_lifecycle)
        {
            if (s_engine is not null)
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
                EptHandler = EntryPoints.ExitHandlers.EptViolationAddress,
            };
            ApplyTestSettings(ref settings);
            InstructionWarmup.Run();
            EntryPoints.EngineHalf.Fill(glue);
            Volatile.Write(ref s_engine, new IntroEngine(in settings));
            return IntStatus.Success;
        }
    }

    /// <summary>IntUninit without its fault handling.</summary>
    public static IntStatus Uninit()
    {
        lock (s_lifecycle)
        {
            if (s_engine is null)
                return IntStatus.NotNeededHint;

            IntStatus status = s_engine.Close();
            if (!status.IsSuccess())
                return status;

            Volatile.Write(ref s_engine, null);
            return IntStatus.Success;
        }
    }

    /// <summary>Only the variant for tests has a body: see TestHooks.</summary>
    static partial void ApplyTestSettings(ref EngineSettings settings);
}
