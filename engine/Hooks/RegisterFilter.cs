using System.Runtime.CompilerServices;

namespace Engine.Hooks;

/// <summary>
/// Which changes of a register a hook waits for; the default waits for every access. What it lets pass the handler still judges:
/// a filter only spares the calls that would say nothing.
/// </summary>
internal readonly struct RegisterFilter
{
    private readonly ulong _watched;
    private readonly ulong _settable;

    private RegisterFilter(ulong watched, ulong settable)
    {
        _watched = watched;
        _settable = settable;
        IsOn = true;
    }

    /// <summary>Whether there are changes that it does not wait for.</summary>
    public bool IsOn { get; }

    /// <summary>Waits for any other value.</summary>
    public static RegisterFilter Changed => new(ulong.MaxValue, settable: 0);

    /// <summary>Waits until one of these bits is cleared.</summary>
    public static RegisterFilter Cleared(ulong bits) => new(bits, settable: ulong.MaxValue);

    /// <summary>Whether it waits for this change.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Passes(ulong oldValue, ulong newValue) =>
        ((oldValue ^ newValue) & _watched & ~(newValue & _settable)) != 0 || !IsOn;
}
