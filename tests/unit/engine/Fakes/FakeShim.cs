using System;
using System.IO;
using System.Runtime.InteropServices;
using Engine.Hosting;

namespace Tests.Unit.Fakes;

/// <summary>The functions that are C in the library.</summary>
internal static unsafe class FakeShim
{
    private static readonly Lazy<nint> s_guardedCopy = new(LoadGuardedCopy);

    /// <summary>Our Trace, and no guarded copy: nothing can be read through mappings.</summary>
    public static NativeShim WithoutCopy => new() { Trace = &FakeLog.Trace };

    /// <summary>Whether the real guarded copy has been built.</summary>
    public static bool HasCopy => s_guardedCopy.Value != 0;

    /// <summary>Our Trace with the real guarded copy.</summary>
    public static NativeShim WithCopy => new()
    {
        GuardedCopy = (delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint>)s_guardedCopy.Value,
        Trace = &FakeLog.Trace,
    };

    private static nint LoadGuardedCopy()
    {
        string path = Path.Combine(TestTree.Root, "artifacts", "test", "lib", "libintrocore_shim.so");
        if (!File.Exists(path) || !NativeLibrary.TryLoad(path, out nint library) ||
            !NativeLibrary.TryGetExport(library, "introcore_shim_install", out nint install))
        {
            return 0;
        }

        int error;
        nint* functions = ((delegate* unmanaged<int*, nint*>)install)(&error);
        return error == 0 ? functions[0] : 0;
    }
}
