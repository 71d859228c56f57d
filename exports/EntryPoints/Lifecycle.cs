using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine;
using Engine.Abi;

namespace Exports.EntryPoints;

/// <summary>Exports about the library as a whole (spec/10, section 2).</summary>
internal static unsafe class Lifecycle
{
    [UnmanagedCallersOnly(EntryPoint = "IntPreinit")]
    private static void Preinit()
    {
        // Static state is as it should be when the library is loaded, and after IntUninit.
    }

    [UnmanagedCallersOnly(EntryPoint = "IntInit")]
    private static IntStatus Init(GlueIface* glue, UpperIface* upper)
    {
        try
        {
            return Library.Init(glue, upper);
        }
        catch (Exception exception)
        {
            return Faults.Report("IntInit", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntUninit")]
    private static IntStatus Uninit()
    {
        try
        {
            return Library.Uninit();
        }
        catch (Exception exception)
        {
            return Faults.Report("IntUninit", exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "IntCheckCompatibility")]
    private static byte CheckCompatibility(
        uint integratorMajor, uint integratorMinor, uint integratorRevision, uint integratorBuild,
        uint* introMajor, uint* introMinor, uint* introRevision, uint* introBuild, uint reserved)
    {
        // Within a major version of the interface the tables carry versions of their own, which IntInit checks.
        _ = (integratorMinor, integratorRevision, integratorBuild, reserved);
        Set(introMajor, EngineVersion.InterfaceMajor);
        Set(introMinor, EngineVersion.InterfaceMinor);
        Set(introRevision, EngineVersion.InterfaceRevision);
        Set(introBuild, 0);
        return (byte)(integratorMajor == EngineVersion.InterfaceMajor ? 1 : 0);
    }

    [UnmanagedCallersOnly(EntryPoint = "IntLibraryVersion")]
    private static uint LibraryVersion() =>
        ((uint)EngineVersion.Major << 16) | ((uint)EngineVersion.Minor << 8) | EngineVersion.Patch;

    [UnmanagedCallersOnly(EntryPoint = "IntStatusToString")]
    private static byte* StatusToString(IntStatus status) =>
        // UTF-8 literals lie in read-only data, with a NUL behind them.
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(status.NameUtf8()));

    private static void Set(uint* pointer, uint value)
    {
        if (pointer != null)
            *pointer = value;
    }
}
