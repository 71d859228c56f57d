using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Sessions;

namespace Exports;

/// <summary>The engine that exits find: set between IntInit and IntUninit, until the kill switch is used.</summary>
/// <remarks>A class without initialisers, so that no exit has to look whether they have run.</remarks>
internal static class CurrentEngine
{
    private static IntroEngine? s_engine;

    /// <summary>The engine, or null.</summary>
    public static IntroEngine? Value
    {
        get => Volatile.Read(ref s_engine);
        set => Volatile.Write(ref s_engine, value);
    }

    /// <summary>Takes the engine away; returns it, or null when there was none.</summary>
    public static IntroEngine? Take() => Interlocked.Exchange(ref s_engine, null);

    /// <summary>The active part of a guest, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ActiveGuest? FindActive(nint handle) => Value?.Find(handle)?.Active;
}
