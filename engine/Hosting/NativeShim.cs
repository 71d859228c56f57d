using System.Runtime.InteropServices;

namespace Engine.Hosting;

/// <summary>
/// The functions that must be C (exports/shim), as addresses; laid out as INTROCORE_SHIM there, 48 bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeShim
{
    /// <summary>
    /// Copies bytes between addresses of this process that may fault: <c>size_t (void *to, const void *from, size_t size)</c>.
    /// Returns the number of bytes copied; less than asked means that the next one faulted. A leaf: no callback, no lock.
    /// </summary>
    public delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> GuardedCopy;

    /// <summary>Calls a variadic TracePrint with a text: <c>void (void *tracePrint, const char *text)</c>.</summary>
    public delegate* unmanaged<void*, byte*, void> Trace;

    /// <summary>Reads the processor's time-stamp counter: <c>uint64_t (void)</c>. A leaf.</summary>
    public delegate* unmanaged[SuppressGCTransition]<ulong> Ticks;

    /// <summary>
    /// Copies bytes to an address of this process that may fault: <c>size_t (void *to, const void *from, size_t size)</c>; 1, 2, 4
    /// and 8 bytes with one store. Returns the number of bytes stored. A leaf.
    /// </summary>
    public delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> GuardedStore;

    /// <summary>
    /// Compares and exchanges 1, 2, 4, 8 or 16 bytes at an address that may fault:
    /// <c>int (void *to, const void *expected, const void *desired, size_t size)</c>. 1: exchanged; 0: the bytes differ; -1: it
    /// faulted. A leaf.
    /// </summary>
    public delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int> GuardedExchange;

    /// <summary>
    /// Reads words of 8 bytes, each from an address of its own that may fault:
    /// <c>size_t (uint64_t *to, const void *const *from, size_t count)</c>. Returns the number of words read; less than asked means that
    /// the next one faulted. A leaf.
    /// </summary>
    public delegate* unmanaged[SuppressGCTransition]<ulong*, byte**, nuint, nuint> GuardedGather;
}
