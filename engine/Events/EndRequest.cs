using System;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Events;

/// <summary>
/// The end of introspection as it is asked for from within: whoever finds that it cannot go on, and the guest's crash. The exit that is
/// under way ends, and then the guest is let go (spec/10, section 9: DisableOnReturn).
/// </summary>
/// <remarks>Thread safety: any thread. A request is not taken back: if the guest cannot be let go yet, the next exit tries again.</remarks>
internal sealed class EndRequest
{
    private const int None = 0;
    private const int Asked = 1;
    private const int BugCheck = 2;

    private readonly HostLog _log;
    private readonly Action _onAsked;
    private int _state;

    /// <param name="log">The guest's log.</param>
    /// <param name="onAsked">Called when the end is asked for, on the thread that asks; it must do no more than to remember it.</param>
    public EndRequest(HostLog log, Action onAsked)
    {
        _log = log;
        _onAsked = onAsked;
    }

    /// <summary>Whether the guest is to be let go.</summary>
    public bool IsAsked => Volatile.Read(ref _state) != None;

    /// <summary>Whether the guest is crashing: it is let go whatever of ours is in it.</summary>
    public bool IsBugCheck => Volatile.Read(ref _state) == BugCheck;

    /// <summary>Status of the exit that lets the guest go.</summary>
    public IntStatus Status => IsBugCheck ? IntStatus.UninitBugcheck : IntStatus.FatalError;

    /// <summary>Asks for the end.</summary>
    /// <param name="reason">Why, as a short constant text, for the log.</param>
    public void Ask(string reason)
    {
        if (Interlocked.CompareExchange(ref _state, Asked, None) != None)
            return;
        _onAsked();
        _log.Write(IgLogLevel.Error, $"introspection ends on return: {reason}");
    }

    /// <summary>
    /// The guest's crash handler was entered (IntGuestUninitOnBugcheck): with the option for it, the guest is let go on return, so that
    /// what it dumps is its own, and the caller's detour gives the function back. <see cref="IntStatus.NotNeededHint"/>: the option is off.
    /// </summary>
    public IntStatus OnBugCheck(GuestOptions options)
    {
        if ((options & GuestOptions.BugCheckCleanup) == GuestOptions.None)
            return IntStatus.NotNeededHint;
        if (Interlocked.Exchange(ref _state, BugCheck) != BugCheck)
        {
            _onAsked();
            _log.Write(IgLogLevel.Warning, $"the guest is crashing: introspection ends on return");
        }

        return IntStatus.RemoveDetourAndSetRip;
    }

    /// <summary>Another kernel runs now.</summary>
    public void Reset() => Volatile.Write(ref _state, None);
}
