using System;
using System.IO;
using System.Runtime.InteropServices;
using Engine.Hosting;

namespace Tests.Unit.Fakes;

/// <summary>The functions that are C in the library.</summary>
internal static unsafe class FakeShim
{
    private static readonly Lazy<nint> s_functions = new(LoadFunctions);

    /// <summary>Our Trace, and no guarded copy: nothing can be read through mappings.</summary>
    public static NativeShim WithoutCopy => new() { Trace = &FakeLog.Trace };

    /// <summary>Whether the real guarded copy has been built.</summary>
    public static bool HasCopy => s_functions.Value != 0;

    /// <summary>Our Trace with the real guarded copy.</summary>
    public static NativeShim WithCopy => new()
    {
        GuardedCopy = (delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint>)Function(0),
        Trace = &FakeLog.Trace,
        GuardedStore = (delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint>)Function(3),
        GuardedExchange = (delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int>)Function(4),
        GuardedGather = (delegate* unmanaged[SuppressGCTransition]<ulong*, byte**, nuint, nuint>)Function(5),
    };

    /// <summary>A function of the shim's table, by its place.</summary>
    private static nint Function(int place) => s_functions.Value == 0 ? 0 : ((nint*)s_functions.Value)[place];

    private static nint LoadFunctions()
    {
        string path = Path.Combine(TestTree.Root, "artifacts", "test", "lib", "libintrocore_shim.so");
        if (!File.Exists(path) || !NativeLibrary.TryLoad(path, out nint library) ||
            !NativeLibrary.TryGetExport(library, "introcore_shim_install", out nint install))
        {
            return 0;
        }

        int error;
        nint* functions = ((delegate* unmanaged<int*, nint*>)install)(&error);
        return error == 0 ? (nint)functions : 0;
    }
}
