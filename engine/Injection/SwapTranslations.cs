using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Translations;
using Engine.Memory;

namespace Engine.Injection;

/// <summary>Watches the pages that reads of absent memory wait for, by the guest's hooks on translations.</summary>
/// <remarks>A page is looked at once the store that has changed its translation has landed. Thread safety: any thread; no lock is held
/// while the hooks or the reads are called.</remarks>
internal sealed class SwapTranslations : ITranslationWatch, ITranslationHookHandler
{
    private const int MaxLanding = 64;

    private readonly TranslationHooks _hooks;
    private readonly SwapMemory _swap;
    private readonly ushort _handler;
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ulong> _watches = [];
    private readonly List<(uint Vcpu, ulong Cookie)> _landing = new(MaxLanding);

    /// <param name="hooks">The guest's hooks on translations.</param>
    /// <param name="swap">Its reads of absent memory.</param>
    public SwapTranslations(TranslationHooks hooks, SwapMemory swap)
    {
        _hooks = hooks;
        _swap = swap;
        _handler = hooks.AddHandler(this);
    }

    /// <inheritdoc/>
    public bool TryWatch(in PagingContext paging, ulong linear, ulong cookie)
    {
        if (!_hooks.Watch(in paging, linear, _handler, cookie, TranslationWatchFlags.None, out ulong watch).IsSuccess())
            return false;
        lock (_lock)
            _watches[cookie] = watch;
        return true;
    }

    /// <inheritdoc/>
    public void Unwatch(ulong cookie)
    {
        ulong watch;
        lock (_lock)
        {
            if (!_watches.Remove(cookie, out watch))
                return;
        }

        _hooks.Unwatch(watch);
    }

    /// <inheritdoc/>
    public IntroAction OnChange(ref FrameAccess access, in TranslationChange change) => IntroAction.Allowed;

    /// <inheritdoc/>
    public void OnChanged(in TranslationChange change)
    {
        if (change.IsObserved)
        {
            _swap.OnTranslationChanged(change.Cookie);
            return;
        }

        // Should there be too many, the exits of the address space and the timer look all the same.
        lock (_lock)
        {
            if (_landing.Count < MaxLanding)
                _landing.Add((change.Vcpu, change.Cookie));
        }
    }

    /// <inheritdoc/>
    public void OnSettled(uint vcpu)
    {
        while (TryTake(vcpu, out ulong cookie))
            _swap.OnTranslationChanged(cookie);
    }

    private bool TryTake(uint vcpu, out ulong cookie)
    {
        lock (_lock)
        {
            for (int i = 0; i < _landing.Count; i++)
            {
                if (_landing[i].Vcpu != vcpu)
                    continue;
                cookie = _landing[i].Cookie;
                _landing.RemoveAt(i);
                return true;
            }
        }

        cookie = 0;
        return false;
    }
}
