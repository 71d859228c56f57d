using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;

namespace Engine.Hooks;

/// <summary>A hook on bytes of one guest-physical frame, for one kind of access; 32 bytes in unmanaged memory.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    8  Frame     guest-physical address >> 12
///      8    8  Cookie    for the handler: which of its objects this is
///     16    2  Start     first hooked byte in the frame
///     18    2  End       byte after the last one, up to 4096
///     20    1  Access    one kind
///     21    1  Flags     written by writers; a removed or disabled hook is skipped
///     22    2  Handler   index of the handler
///     24    4  Next      next hook of the bucket, -1: none
///     28    4  (free)
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct FrameHook
{
    public ulong Frame;
    public ulong Cookie;
    public ushort Start;
    public ushort End;
    public EptAccess Access;
    private byte _flags;
    public ushort Handler;
    public int Next;

    /// <summary>State of the hook. Read in exits while writers change it, one at a time.</summary>
    public FrameHookFlags Flags
    {
        readonly get => (FrameHookFlags)Volatile.Read(in _flags);
        set => Volatile.Write(ref _flags, (byte)value);
    }
}
