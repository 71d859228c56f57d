using System;
using System.Runtime.InteropServices;
using Engine.Sessions;

namespace Exports;

/// <summary>Exports of the variant for tests; the library that is shipped is compiled without this file.</summary>
internal static unsafe partial class Library
{
    static partial void ApplyTestSettings(ref EngineSettings settings)
    {
        if (string.Equals(
            Environment.GetEnvironmentVariable("INTROCORE_TEST_INVERT_VERDICTS"), "1", StringComparison.Ordinal))
            settings = settings with { InvertVerdicts = true };
    }

    /// <summary>Managed bytes that the calling thread has allocated so far.</summary>
    [UnmanagedCallersOnly(EntryPoint = "IntTestAllocatedBytes")]
    private static ulong AllocatedBytes() => (ulong)GC.GetAllocatedBytesForCurrentThread();
}
