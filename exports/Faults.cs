using System;
using System.Threading;
using Engine;
using Engine.Abi;
using Engine.Sessions;

namespace Exports;

/// <summary>What becomes of an exception at the boundary: a status, and a few log lines a site.</summary>
internal static class Faults
{
    private static int s_lines;

    /// <summary>Logs the first faults of the process and returns the status that the caller gives.</summary>
    public static IntStatus Report(string site, Exception exception)
    {
        try
        {
            if (Interlocked.Increment(ref s_lines) <= Limits.MaxFaultLines && CurrentEngine.Value is IntroEngine engine)
            {
                string trace = exception.StackTrace ?? "";
                engine.Log.Write(IgLogLevel.Critical, $"fault in {site}: {exception.GetType().Name} {trace}");
            }
        }
        catch
        {
            // The report of a fault must not be one: the status says it.
        }

        return IntStatus.InvalidInternalState;
    }
}
