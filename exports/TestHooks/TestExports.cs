using System;
using System.Runtime.InteropServices;
using Engine.Abi;
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

    /// <summary>Hooks [gpa, gpa + length), within one frame, with a C function that judges; see TestFrameHook.</summary>
    [UnmanagedCallersOnly(EntryPoint = "IntTestHookFrame")]
    private static IntStatus HookFrame(
        nint handle, ulong gpa, uint length, EptAccess access,
        delegate* unmanaged<void*, uint, ulong, ulong, uint, byte*, IntroAction> judge, void* context) =>
        WithHooks(handle, hooks => hooks.Set((int)length, access, new TestFrameHook(gpa, judge, context)));

    /// <summary>Removes every hook of IntTestHookFrame that begins there.</summary>
    [UnmanagedCallersOnly(EntryPoint = "IntTestUnhookFrame")]
    private static IntStatus UnhookFrame(nint handle, ulong gpa) => WithHooks(handle, hooks => hooks.Remove(gpa));

    private static IntStatus WithHooks(nint handle, Func<TestFrameHooks, IntStatus> use)
    {
        try
        {
            return CurrentEngine.Value?.Find(handle)?.Active is { } guest ? use(TestFrameHooks.Of(guest)) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("a test hook", exception);
        }
    }
}
