using System.Runtime.InteropServices;
using Engine.Hosting;

namespace Exports;

/// <summary>The C part of the library (exports/shim), linked in statically.</summary>
internal static unsafe partial class ShimLibrary
{
    /// <summary>Installs the fault handlers once and returns the functions; <paramref name="error"/> is an errno.</summary>
    [LibraryImport("introcore_shim", EntryPoint = "introcore_shim_install")]
    internal static partial NativeShim* Install(out int error);
}
