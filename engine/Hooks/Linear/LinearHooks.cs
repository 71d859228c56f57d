using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks.Translations;
using Engine.Memory;

namespace Engine.Hooks.Linear;

/// <summary>
/// Hooks on linear addresses: frame hooks that follow their page wherever the guest maps it (spec/13, section 3). The frame that a store
/// to a page table brings in is hooked, and the hook in force, before the store lands; the one that leaves stays hooked until it has.
/// </summary>
/// <remarks>
/// <para>Accesses go to the frame hook's own handler, with the cookie that was given here: following costs an exit nothing.</para>
/// <para>Thread safety: any thread, from inside handlers too. The lock is held for short sections; neither the glue nor a handler is called,
/// nor guest memory read, while it is.</para>
/// </remarks>
internal sealed unsafe partial class LinearHooks : ITranslationHookHandler, IDisposable
{
    private const ulong PageMask = 0xFFF;
    private const int None = -1;

    private readonly FrameHooks _frames;
    private readonly TranslationHooks _translations;
    private readonly GuestMemory _memory;
    private readonly ushort _watcher;
    private readonly KeyedHash _hash = KeyedHash.Create();
    private readonly Lock _adding = new();
    private readonly NativePool<LinearHook> _hooks = new();
    private ILinearHookListener[] _listeners = [];
    private int _firstLeaving = None;
    private ShortLock _lock;

    /// <param name="frames">The guest's hooks on frames.</param>
    /// <param name="translations">Its watches of translations.</param>
    /// <param name="memory">Its memory.</param>
    public LinearHooks(FrameHooks frames, TranslationHooks translations, GuestMemory memory)
    {
        _frames = frames;
        _translations = translations;
        _memory = memory;
        _watcher = translations.AddHandler(this);
    }

    /// <summary>Hooks that are set.</summary>
    public int Count => _hooks.Count;

    /// <summary>Makes a listener known; the number goes into its hooks.</summary>
    public ushort AddListener(ILinearHookListener listener)
    {
        lock (_adding)
        {
            Volatile.Write(ref _listeners, [.. _listeners, listener]);
            return (ushort)_listeners.Length;
        }
    }

    /// <summary>
    /// Hooks [linear, linear + length), within one page, for one kind of access, whether the page is present or not. Where it is, the
    /// frame hook takes effect with FrameHooks.Commit; the hooks on page tables are in force when this returns. An error changes nothing.
    /// </summary>
    /// <param name="paging">The address space: mode and CR3.</param>
    /// <param name="linear">First address.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="access">One kind.</param>
    /// <param name="handler">Index of the FrameHooks handler that is asked.</param>
    /// <param name="cookie">For the handler.</param>
    /// <param name="flags">How the hook behaves.</param>
    /// <param name="listener">Of <see cref="AddListener"/>; 0: nobody is asked about other bytes.</param>
    /// <param name="hook">Names the hook; never 0.</param>
    /// <returns><see cref="IntStatus.NotSupported"/>: it crosses a page, or paging is off; <see cref="IntStatus.InvalidParameter3"/>: not one
    /// kind; or what TranslationHooks.Watch and FrameHooks.Set return.</returns>
    public IntStatus Set(
        in PagingContext paging, ulong linear, int length, EptAccess access, ushort handler, ulong cookie, LinearHookFlags flags,
        ushort listener, out ulong hook)
    {
        hook = 0;
        int offset = (int)(linear & PageMask);
        if (length <= 0 || length > (int)PageMask + 1 - offset)
            return IntStatus.NotSupported;
        if (access is not (EptAccess.Read or EptAccess.Write or EptAccess.Execute))
            return IntStatus.InvalidParameter3;

        _lock.Enter();
        int index = _hooks.Take();
        LinearHook* added = _hooks.At(index);
        uint generation = added->Generation + 1;
        *added = new LinearHook
        {
            Generation = generation, Cookie = cookie, Place = LinearHook.NoPlace, Incoming = LinearHook.NoPlace,
            Leaving = LinearHook.NoPlace, NextLeaving = None, Offset = (ushort)offset, Length = (ushort)length, Handler = handler,
            Listener = listener, Access = access, Flags = flags, Watch = ulong.MaxValue,
        };
        _lock.Exit();

        hook = ((ulong)generation << 32) | (uint)index;
        TranslationWatchFlags asked = (flags & LinearHookFlags.Integrity) != LinearHookFlags.None
            ? TranslationWatchFlags.FailClosed | TranslationWatchFlags.Protects
            : TranslationWatchFlags.FailClosed;
        IntStatus status = _translations.Watch(in paging, linear, _watcher, hook, asked, out ulong watch);
        if (status.IsSuccess())
            status = Begin(hook, watch);
        if (!status.IsSuccess())
        {
            Remove(hook);
            hook = 0;
        }

        return status;
    }

    /// <summary>Ends a hook; rights come back with FrameHooks.Commit. From inside a callback, its own too. False: it had ended.</summary>
    public bool Remove(ulong hook)
    {
        ulong watch;
        _lock.Enter();
        try
        {
            LinearHook* found = Find(hook);
            if (found == null)
                return false;
            watch = found->Watch;
            Unhook(found, found->Place);
            Unhook(found, found->Incoming);
            if (found->Leaving != LinearHook.NoPlace)
                EndLeaving((int)hook);
            found->Watch = 0;
            found->Generation++;
            _hooks.Give((int)hook);
        }
        finally
        {
            _lock.Exit();
        }

        if (watch != ulong.MaxValue)
            _translations.Unwatch(watch);
        return true;
    }

    /// <summary>Where the first byte of a hook is in guest-physical memory. False: its page is absent, or it has ended.</summary>
    public bool TryFindPlace(ulong hook, out ulong gpa)
    {
        _lock.Enter();
        LinearHook* found = Find(hook);
        gpa = found == null ? LinearHook.NoPlace : found->Place;
        _lock.Exit();
        return gpa != LinearHook.NoPlace;
    }

    /// <summary>Frees all memory. Only when nobody is left inside the guest.</summary>
    public void Dispose() => _hooks.Dispose();

    private IntStatus Begin(ulong hook, ulong watch)
    {
        _lock.Enter();
        try
        {
            LinearHook* found = Find(hook);
            if (found == null)
                return IntStatus.NotFound;
            found->Watch = watch;

            // The page may have changed since it is watched; then that has been followed.
            return _translations.TryGet(watch, out PageTranslation now) ? Arrive(found, PlaceOf(found, in now)) : IntStatus.NotFound;
        }
        finally
        {
            _lock.Exit();
        }
    }

    private LinearHook* Find(ulong hook)
    {
        int index = (int)hook;
        if ((uint)index >= (uint)_hooks.Bound)
            return null;
        LinearHook* found = _hooks.At(index);
        return found->Generation == (uint)(hook >> 32) && found->Watch != 0 ? found : null;
    }

    private static ulong PlaceOf(LinearHook* hook, in PageTranslation translation) =>
        translation.IsPresent ? translation.Physical + hook->Offset : LinearHook.NoPlace;

    /// <summary>The page is at a place now. Under the lock.</summary>
    private IntStatus Arrive(LinearHook* hook, ulong place)
    {
        if (hook->Place == place)
            return IntStatus.Success;
        IntStatus status = TryHook(hook, place);
        if (status.IsSuccess())
            hook->Place = place;
        return status;
    }

    private IntStatus TryHook(LinearHook* hook, ulong place) => place == LinearHook.NoPlace
        ? IntStatus.Success
        : _frames.Set(
            place, hook->Length, hook->Access, hook->Handler, hook->Cookie,
            (hook->Flags & LinearHookFlags.HighPriority) != LinearHookFlags.None ? FrameHookFlags.HighPriority : FrameHookFlags.None);

    private void Unhook(LinearHook* hook, ulong place)
    {
        if (place != LinearHook.NoPlace)
            _frames.RemoveOne(place, hook->Length, hook->Access, hook->Handler, hook->Cookie);
    }

    /// <summary>Takes a hook out of the list of those with something leaving, and its old place out of the frame hooks.</summary>
    private void EndLeaving(int index)
    {
        LinearHook* hook = _hooks.At(index);
        Unhook(hook, hook->Leaving);
        hook->Leaving = LinearHook.NoPlace;
        ref int link = ref _firstLeaving;
        while (link != index)
            link = ref Unsafe.AsRef<int>(&_hooks.At(link)->NextLeaving);
        link = hook->NextLeaving;
    }
}
