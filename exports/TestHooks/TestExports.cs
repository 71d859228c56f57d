using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Memory;
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

    /// <summary>Watches the page of a linear address in an address space (paging mode, CR3) with a C function that judges changes of its
    /// translation; see TestTranslationHooks.</summary>
    [UnmanagedCallersOnly(EntryPoint = "IntTestHookTranslation")]
    private static IntStatus HookTranslation(
        nint handle, uint mode, ulong cr3, ulong linear,
        delegate* unmanaged<void*, uint, ulong, ulong, ulong, IntroAction> judge, void* context) =>
        WithGuest(handle, guest => TestTranslationHooks.Of(guest).Set((PagingMode)mode, cr3, linear, judge, context));

    /// <summary>Ends every watch of IntTestHookTranslation for that page.</summary>
    [UnmanagedCallersOnly(EntryPoint = "IntTestUnhookTranslation")]
    private static IntStatus UnhookTranslation(nint handle, ulong cr3, ulong linear) =>
        WithGuest(handle, guest => TestTranslationHooks.Of(guest).Remove(cr3, linear));

    private static IntStatus WithHooks(nint handle, Func<TestFrameHooks, IntStatus> use) =>
        WithGuest(handle, guest => use(TestFrameHooks.Of(guest)));

    private static IntStatus WithGuest(nint handle, Func<ActiveGuest, IntStatus> use)
    {
        try
        {
            return CurrentEngine.Value?.Find(handle)?.Active is { } guest ? use(guest) : IntStatus.NotInitialized;
        }
        catch (Exception exception)
        {
            return Faults.Report("a test hook", exception);
        }
    }
}
