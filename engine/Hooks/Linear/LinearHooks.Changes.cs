using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;
using Engine.Hooks.Translations;

namespace Engine.Hooks.Linear;

/// <content>Pages that come and go.</content>
internal sealed unsafe partial class LinearHooks
{
    /// <inheritdoc/>
    IntroAction ITranslationHookHandler.OnChange(ref FrameAccess access, in TranslationChange change)
    {
        RememberBytes(change.Cookie);
        _lock.Enter();
        try
        {
            LinearHook* hook = Find(change.Cookie);
            if (hook == null)
                return IntroAction.Allowed;
            ulong place = PlaceOf(hook, change.New);
            if (place == hook->Place)
                return IntroAction.Allowed;
            if (!TryHook(hook, place).IsSuccess())
                return IntroAction.NotAllowed;
            hook->Incoming = place;
            return IntroAction.Allowed;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <inheritdoc/>
    IntroAction ITranslationHookHandler.OnProtected(ref FrameAccess access, in TranslationChange change)
    {
        if (!TryCopy(change.Cookie, out LinearHook hook) || hook.Incoming == LinearHook.NoPlace || !hook.HasHash || hook.Listener == 0)
            return IntroAction.Allowed;
        if (HashOf(hook.Incoming, hook.Length) == hook.Hash)
            return IntroAction.Allowed;

        LinearHookMove move = new()
        {
            Cookie = hook.Cookie, Hook = change.Cookie, Linear = change.Linear + hook.Offset, Length = hook.Length, Place = hook.Incoming,
            IsObserved = change.IsObserved,
        };
        return Volatile.Read(ref _listeners)[hook.Listener - 1].OnOtherBytes(ref access, in move);
    }

    /// <inheritdoc/>
    void ITranslationHookHandler.OnChanged(in TranslationChange change)
    {
        _lock.Enter();
        try
        {
            LinearHook* hook = Find(change.Cookie);
            if (hook == null)
                return;
            (ulong before, ulong incoming, ulong place) = (hook->Place, hook->Incoming, PlaceOf(hook, change.New));
            hook->Incoming = LinearHook.NoPlace;
            if (place == before)
            {
                Unhook(hook, incoming);
                return;
            }

            if (incoming != place)
            {
                Unhook(hook, incoming);
                TryHook(hook, place);
            }

            hook->Place = place;
            if (before == LinearHook.NoPlace)
                return;
            if (change.IsObserved)
                Unhook(hook, before);
            else
                Leave((int)change.Cookie, before, change.Vcpu);
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <inheritdoc/>
    void ITranslationHookHandler.OnDropped(in TranslationChange change)
    {
        _lock.Enter();
        try
        {
            LinearHook* hook = Find(change.Cookie);
            if (hook == null)
                return;
            Unhook(hook, hook->Incoming);
            hook->Incoming = LinearHook.NoPlace;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <inheritdoc/>
    void ITranslationHookHandler.OnSettled(uint vcpu)
    {
        if (Volatile.Read(ref _firstLeaving) == None)
            return;

        _lock.Enter();
        for (int index = _firstLeaving; index != None;)
        {
            LinearHook* hook = _hooks.At(index);
            int next = hook->NextLeaving;
            if (hook->LeavingVcpu == vcpu)
                EndLeaving(index);
            index = next;
        }

        _lock.Exit();
    }

    /// <summary>The old place stays hooked until the store has landed. Of two stores in a row, what the first one left is given up: should it
    /// land last after all, that is found when the entry is compared, and followed.</summary>
    private void Leave(int index, ulong place, uint vcpu)
    {
        LinearHook* hook = _hooks.At(index);
        if (hook->Leaving != LinearHook.NoPlace)
        {
            Unhook(hook, hook->Leaving);
        }
        else
        {
            hook->NextLeaving = _firstLeaving;
            _firstLeaving = index;
        }

        hook->Leaving = place;
        hook->LeavingVcpu = vcpu;
    }

    /// <summary>Before a page leaves, while its hook still sees every store to it.</summary>
    private void RememberBytes(ulong cookie)
    {
        if (!TryCopy(cookie, out LinearHook hook) || (hook.Flags & LinearHookFlags.Integrity) == LinearHookFlags.None ||
            hook.Place == LinearHook.NoPlace)
        {
            return;
        }

        ulong hash = HashOf(hook.Place, hook.Length);
        _lock.Enter();
        LinearHook* found = Find(cookie);
        if (found != null && found->Place == hook.Place)
            (found->Hash, found->HasHash) = (hash, true);
        _lock.Exit();
    }

    private bool TryCopy(ulong cookie, out LinearHook copy)
    {
        _lock.Enter();
        LinearHook* found = Find(cookie);
        copy = found == null ? default : *found;
        _lock.Exit();
        return found != null;
    }

    /// <summary>The hash of bytes in one frame; what is not in memory counts as zero.</summary>
    [SkipLocalsInit]
    private ulong HashOf(ulong place, int length)
    {
        Span<byte> bytes = stackalloc byte[(int)PageMask + 1];
        bytes = bytes[..length];
        bytes[_memory.Read(place, bytes)..].Clear();
        return _hash.Of(bytes);
    }
}
