using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;

namespace Engine.Hooks;

/// <summary>A hook on bytes of one guest-physical frame, for one kind of access; 40 bytes of unmanaged memory that do not move.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    8  Key       scrambled number of the frame; once removed, it may be the next free hook
///      8    8  Cookie    for the handler: which of its objects this is
///     16   16  links     next hook of the bucket, one link for each of two generations of buckets
///     32    2  Start     first hooked byte in the frame
///     34    2  End       byte after the last one, up to 4096
///     36    1  Access    one kind
///     37    1  Flags     written by writers; a removed or disabled hook is skipped
///     38    2  Handler   index of the handler
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal unsafe struct FrameHook
{
    private const int LinkOffset = 16;

    public ulong Key;
    public ulong Cookie;
    private readonly FrameHook* _link0;
    private readonly FrameHook* _link1;
    public ushort Start;
    public ushort End;
    public EptAccess Access;
    private byte _flags;
    public ushort Handler;

    /// <summary>State of the hook. Read in exits while writers change it, one at a time.</summary>
    public FrameHookFlags Flags
    {
        readonly get => (FrameHookFlags)Volatile.Read(in _flags);
        set => Volatile.Write(ref _flags, (byte)value);
    }

    /// <summary>Where a hook names the next one, in a generation of buckets: 0 or 1.</summary>
    public static FrameHook** LinkOf(FrameHook* hook, int generation) =>
        (FrameHook**)((byte*)hook + LinkOffset) + generation;
}
