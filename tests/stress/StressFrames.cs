using System;
using System.Threading;
using Engine.Abi;
using Engine.Hooks;

namespace Tests.Stress;

/// <summary>
/// The model: which frames are hooked. Each has a hook that stays, on bytes 0 to 7, and one that comes and goes, on bytes 2048 to
/// 2055, with a word that is odd while that one changes.
/// </summary>
internal sealed class StressFrames(FrameHooks hooks, StressHandler handler)
{
    /// <summary>Frames from here on are used.</summary>
    public const ulong First = 0x22;

    /// <summary>So many.</summary>
    public const int Count = 24;

    private const ulong PassingStart = 2048;
    private const int HookBytes = 8;

    // Version << 2 | hooked << 1 | changing.
    private readonly long[] _words = new long[Count];
    private readonly ushort _lasting = hooks.AddHandler(handler);
    private readonly ushort _passing = hooks.AddHandler(handler);

    /// <summary>Hooks that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Times that the passing hook of a frame came or went.</summary>
    public long Changes { get; private set; }

    /// <summary>Sets the hooks that stay.</summary>
    public void Start()
    {
        for (int i = 0; i < Count; i++)
        {
            if (!hooks.Set(FrameOf(i) << 12, HookBytes, EptAccess.Write, _lasting, FrameOf(i)).IsSuccess())
                Refused++;
        }

        hooks.Commit();
    }

    /// <summary>Adds or removes the passing hook of one frame.</summary>
    public void Toggle(int frame)
    {
        ref long word = ref _words[frame];
        bool hooked = (word & 2) != 0;
        Interlocked.Increment(ref word);
        ulong gpa = (FrameOf(frame) << 12) + PassingStart;
        if (hooked)
        {
            hooks.Remove(gpa, _passing, FrameOf(frame));
            hooked = false;
        }
        else
        {
            // Old tables that exits still read may be too many for now.
            hooked = hooks.Set(gpa, HookBytes, EptAccess.Write, _passing, FrameOf(frame)).IsSuccess();
            Refused += hooked ? 0 : 1;
        }

        hooks.Commit();
        Changes++;
        Volatile.Write(ref word, (Changes << 2) | (hooked ? 2L : 0));
    }

    /// <summary>State of a frame, to be compared with what it is after the exit.</summary>
    public long WordOf(int frame) => Volatile.Read(ref _words[frame]);

    /// <summary>Whether a frame's hooks were changing.</summary>
    public static bool IsChanging(long word) => (word & 1) != 0;

    /// <summary>How many hooks a store of 8 bytes touches, in a state that is not changing.</summary>
    public static int Touched(long word, ulong offset) =>
        (offset < HookBytes ? 1 : 0) + ((word & 2) != 0 && Math.Abs((long)offset - (long)PassingStart) < HookBytes ? 1 : 0);

    /// <summary>The number of a frame.</summary>
    public static ulong FrameOf(int frame) => First + (ulong)frame;
}
