using System;
using System.Runtime.InteropServices;
using Engine.Concurrency;

namespace Engine.Hooks;

/// <summary>
/// Memory for hooks, in pages that never move. A hook that was removed is used again once the exits that may stand on it have ended, so
/// that hooks that come and go take no more memory than those there are at once, and one round of exits.
/// </summary>
/// <remarks>Thread safety: the lock of the map's owner.</remarks>
internal sealed unsafe class FrameHookPool : IDisposable
{
    private const int PageBytes = 4080;
    private const int HeadBytes = 16;
    private const int HooksPerPage = (PageBytes - HeadBytes) / 40;

    /// <summary>Looks at the claim cells after so many removals; each look goes through all of them.</summary>
    private const int RemovalsPerLook = 32;

    private readonly ClaimTable _claims;
    private byte* _pages;
    private FrameHook* _free;
    private Chain _removed;
    private Chain _waiting;
    private ulong _waitingSince;
    private int _removals;

    public FrameHookPool(ClaimTable claims) => _claims = claims;

    /// <summary>Hooks that are not free: those that are set, and removed ones that still wait.</summary>
    public int InUse { get; private set; }

    /// <summary>A hook to be filled in.</summary>
    public FrameHook* Take()
    {
        if (_free == null)
            AddPage();
        FrameHook* hook = _free;
        _free = (FrameHook*)hook->Key;
        InUse++;
        return hook;
    }

    /// <summary>Gives a hook back that no chain names any more. Its links stay, since an exit may stand on it.</summary>
    public void Give(FrameHook* hook)
    {
        hook->Key = (ulong)_removed.First;
        if (_removed.First == null)
            _removed.Last = hook;
        _removed.First = hook;
        _removed.Count++;
        if (++_removals < RemovalsPerLook)
            return;

        _removals = 0;
        if (_waiting.First != null && _claims.PassedSince(_waitingSince))
        {
            _waiting.Last->Key = (ulong)_free;
            _free = _waiting.First;
            InUse -= _waiting.Count;
            _waiting = default;
        }

        if (_waiting.First == null)
        {
            _waiting = _removed;
            _removed = default;
            _waitingSince = _claims.Advance();
        }
    }

    /// <summary>Frees everything. Only when nobody is left inside the guest.</summary>
    public void Dispose()
    {
        while (_pages != null)
        {
            byte* page = _pages;
            _pages = *(byte**)page;
            NativeMemory.Free(page);
        }

        _free = null;
        _removed = _waiting = default;
    }

    private void AddPage()
    {
        byte* page = (byte*)NativeMemory.Alloc(PageBytes);
        *(byte**)page = _pages;
        _pages = page;
        FrameHook* hooks = (FrameHook*)(page + HeadBytes);
        for (int i = HooksPerPage - 1; i >= 0; i--)
        {
            hooks[i].Key = (ulong)_free;
            _free = hooks + i;
        }
    }

    /// <summary>Hooks that are linked by their keys.</summary>
    private struct Chain
    {
        public FrameHook* First;
        public FrameHook* Last;
        public int Count;
    }
}
