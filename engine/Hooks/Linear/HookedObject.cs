using System;
using System.Threading;
using Engine.Abi;
using Engine.Memory;

namespace Engine.Hooks.Linear;

/// <summary>Something in an address space that is guarded as a whole: regions that are hooked, and let go together (spec/13, section 4).
/// </summary>
/// <remarks>Thread safety: any thread; regions may be found and removed from inside callbacks. Adding one allocates, and is not for exits.
/// </remarks>
internal sealed class HookedObject
{
    private const ulong PageMask = 0xFFF;

    private readonly LinearHooks _hooks;
    private readonly FrameHooks _frames;
    private readonly PagingContext _paging;
    private readonly Lock _lock = new();
    private HookedRegion[] _regions = [];

    /// <param name="hooks">The guest's hooks on linear addresses.</param>
    /// <param name="frames">Its hooks on frames.</param>
    /// <param name="paging">The address space: mode and CR3.</param>
    public HookedObject(LinearHooks hooks, FrameHooks frames, in PagingContext paging)
    {
        _hooks = hooks;
        _frames = frames;
        _paging = paging;
    }

    /// <summary>Its regions.</summary>
    public ReadOnlySpan<HookedRegion> Regions => Volatile.Read(ref _regions);

    /// <summary>
    /// Hooks [linear, linear + length); all of it is in force, with one flush for its frames, when this returns. An error changes nothing.
    /// </summary>
    /// <param name="linear">First address.</param>
    /// <param name="length">Bytes, at most <see cref="Limits.MaxRegionLength"/>.</param>
    /// <param name="access">One kind.</param>
    /// <param name="handler">Index of the FrameHooks handler that is asked.</param>
    /// <param name="cookie">For the handler: this for the first page, one more for each page that follows.</param>
    /// <param name="flags">How the hooks behave.</param>
    /// <param name="listener">Of LinearHooks.AddListener, or 0.</param>
    /// <param name="region">The region.</param>
    /// <returns><see cref="IntStatus.InvalidParameter2"/>: no length, too long, or beyond the last address; or what LinearHooks.Set and
    /// FrameHooks.Commit return.</returns>
    public IntStatus HookRegion(
        ulong linear, ulong length, EptAccess access, ushort handler, ulong cookie, LinearHookFlags flags, ushort listener,
        out HookedRegion? region)
    {
        region = null;
        if (length is 0 or > Limits.MaxRegionLength || linear + (length - 1) < linear)
            return IntStatus.InvalidParameter2;

        ulong[] hooks = new ulong[(int)(((linear & PageMask) + length + PageMask) >> 12)];
        IntStatus status = IntStatus.Success;
        ulong at = linear;
        for (int i = 0; i < hooks.Length && status.IsSuccess(); i++)
        {
            int inPage = (int)Math.Min(PageMask + 1 - (at & PageMask), linear + length - at);
            status = _hooks.Set(in _paging, at, inPage, access, handler, cookie + (uint)i, flags, listener, out hooks[i]);
            at += (ulong)inPage;
        }

        if (status.IsSuccess())
            status = _frames.Commit();
        HookedRegion added = new() { Linear = linear, Length = length, Access = access, Hooks = hooks };
        if (!status.IsSuccess())
        {
            Unhook(added);
            return status;
        }

        lock (_lock)
            Volatile.Write(ref _regions, [.. _regions, added]);
        region = added;
        return status;
    }

    /// <summary>Ends a region; rights come back with FrameHooks.Commit. False: it had ended.</summary>
    public bool RemoveRegion(HookedRegion region)
    {
        lock (_lock)
        {
            int count = _regions.Length;
            Volatile.Write(ref _regions, Array.FindAll(_regions, other => other != region));
            if (_regions.Length == count)
                return false;
        }

        Unhook(region);
        return true;
    }

    /// <summary>Ends all regions, those against writes last.</summary>
    public void Destroy()
    {
        HookedRegion[] regions;
        lock (_lock)
        {
            regions = _regions;
            Volatile.Write(ref _regions, []);
        }

        foreach (HookedRegion region in regions)
        {
            if (region.Access != EptAccess.Write)
                Unhook(region);
        }

        foreach (HookedRegion region in regions)
        {
            if (region.Access == EptAccess.Write)
                Unhook(region);
        }
    }

    /// <summary>The first region that an address lies in and whose kind is among those given; null: there is none.</summary>
    public HookedRegion? FindRegion(ulong linear, EptAccess kinds)
    {
        foreach (HookedRegion region in Regions)
        {
            if (region.Contains(linear) && (region.Access & kinds) != EptAccess.None)
                return region;
        }

        return null;
    }

    private void Unhook(HookedRegion region)
    {
        foreach (ulong hook in region.Hooks)
        {
            if (hook != 0)
                _hooks.Remove(hook);
        }
    }
}
