using Engine.Abi;

namespace Engine.Hooks.Linear;

/// <summary>A hook on bytes of one linear page; 80 bytes.</summary>
/// <remarks>Unmanaged; under the lock of LinearHooks.</remarks>
internal struct LinearHook
{
    /// <summary>No guest-physical address.</summary>
    public const ulong NoPlace = ulong.MaxValue;

    /// <summary>For the pool.</summary>
    public int NextFree;

    /// <summary>Counts the uses of this record.</summary>
    public uint Generation;

    /// <summary>Names the watch of its page; 0: the record is free.</summary>
    public ulong Watch;

    /// <summary>For the handler.</summary>
    public ulong Cookie;

    /// <summary>Guest-physical address of its first byte, where the frame hook is; <see cref="NoPlace"/>: the page is absent.</summary>
    public ulong Place;

    /// <summary>The same after a store that is under judgement; hooked already.</summary>
    public ulong Incoming;

    /// <summary>The same before a store that was allowed and may not have landed; still hooked.</summary>
    public ulong Leaving;

    /// <summary>Hash of what was there when the page left.</summary>
    public ulong Hash;

    /// <summary>The vCPU whose store lets it leave.</summary>
    public uint LeavingVcpu;

    /// <summary>Next hook that has something leaving; -1: none.</summary>
    public int NextLeaving;

    /// <summary>First hooked byte in the page.</summary>
    public ushort Offset;

    /// <summary>Number of hooked bytes.</summary>
    public ushort Length;

    /// <summary>Index of the handler of the frame hook.</summary>
    public ushort Handler;

    /// <summary>Index of the listener and 1; 0: none.</summary>
    public ushort Listener;

    /// <summary>The one kind of access.</summary>
    public EptAccess Access;

    /// <summary>How it behaves.</summary>
    public LinearHookFlags Flags;

    /// <summary><see cref="Hash"/> is known.</summary>
    public bool HasHash;
}
