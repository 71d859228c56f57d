using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;

namespace Engine.Hooks.Translations;

/// <content>Handlers are asked and told; no lock is held meanwhile.</content>
internal sealed unsafe partial class TranslationHooks
{
    /// <summary>Asks about the changes from a position on; the strongest action wins.</summary>
    private IntroAction Ask(ref FrameAccess access, int first)
    {
        IntroAction action = IntroAction.Allowed;
        for (int i = first; i < _transaction.Changes.Count; i++)
        {
            Watchers watchers = WatchersOf(i);
            for (int k = 0; k < watchers.Count; k++)
            {
                if (TryPrepare(ref watchers, k, i, TranslationWatchFlags.None, out ITranslationHookHandler handler, out TranslationChange change))
                    action = (IntroAction)Math.Max((int)action, (int)handler.OnChange(ref access, in change));
            }
        }

        return action;
    }

    /// <summary>Asks those who protect, once more.</summary>
    private IntroAction AskAgain(ref FrameAccess access, int first)
    {
        IntroAction action = IntroAction.Allowed;
        if (!_transaction.HasProtector)
            return action;
        for (int i = first; i < _transaction.Changes.Count; i++)
        {
            Watchers watchers = WatchersOf(i);
            for (int k = 0; k < watchers.Count; k++)
            {
                if (TryPrepare(ref watchers, k, i, TranslationWatchFlags.Protects, out ITranslationHookHandler handler, out TranslationChange change))
                    action = (IntroAction)Math.Max((int)action, (int)handler.OnProtected(ref access, in change));
            }
        }

        return action;
    }

    /// <summary>Tells what became of the changes.</summary>
    private void Tell(bool happens)
    {
        // Those that were not asked about have not happened for anybody.
        int count = happens ? _transaction.Changes.Count : _transaction.Judged;
        for (int i = 0; i < count; i++)
        {
            Watchers watchers = WatchersOf(i);
            if (_transaction.Changes[i].IsVoid)
                continue;
            for (int k = 0; k < watchers.Count; k++)
            {
                if (!TryPrepare(ref watchers, k, i, TranslationWatchFlags.None, out ITranslationHookHandler handler, out TranslationChange change))
                    continue;
                if (happens)
                    handler.OnChanged(in change);
                else
                    handler.OnDropped(in change);
            }
        }
    }

    /// <summary>Tells about changes that have become void since the handlers were asked: those before a position.</summary>
    private void TellVoid(int end)
    {
        for (int i = 0; i < end; i++)
        {
            bool isNew = _transaction.Changes[i].IsVoid && !_transaction.Changes[i].IsTold;
            Watchers watchers = isNew ? WatchersOf(i) : default;
            for (int k = 0; k < watchers.Count; k++)
            {
                if (TryPrepare(ref watchers, k, i, TranslationWatchFlags.None, out ITranslationHookHandler handler, out TranslationChange change))
                    handler.OnDropped(in change);
            }

            _transaction.Changes[i].IsTold |= _transaction.Changes[i].IsVoid;
        }

        _transaction.HasVoid = false;
    }

    /// <summary>Asks one of the watches that are to fail closed about a store whose effect is not known.</summary>
    private IntroAction AskUnknown(ref FrameAccess access, ulong watch)
    {
        TranslationChange change;
        ITranslationHookHandler handler;
        _lock.Enter();
        try
        {
            if (!TryFindWatch(watch, out int index))
                return IntroAction.Allowed;
            TranslationWatch* found = _watches.At(index);
            WatchedPage* page = _pages.At(found->Page);
            handler = Volatile.Read(ref _handlers)[found->Handler];
            change = new TranslationChange
            {
                Cookie = found->Cookie, Watch = watch, Linear = LinearOf(page), Root = RootOf(page), Old = page->Current,
                New = page->Current, Vcpu = VcpuOf(in access),
            };
        }
        finally
        {
            _lock.Exit();
        }

        return handler.OnUnknown(ref access, in change);
    }

    private ulong RootOf(WatchedPage* page) => _spaces.At(_nodes.At(page->Node)->Space)->Root;

    /// <summary>The watches of a page that changes, as they are now.</summary>
    private Watchers WatchersOf(int position)
    {
        Unsafe.SkipInit(out Watchers watchers);
        watchers.Count = 0;
        _lock.Enter();
        try
        {
            RecordKey key = _transaction.Changes[position].Page;
            WatchedPage* page = _pages.At(key.Index);
            if (page->Generation != key.Generation)
                return watchers;
            for (int i = page->FirstWatch; i != None; i = _watches.At(i)->Next)
                watchers.Keys[watchers.Count++] = ((ulong)_watches.At(i)->Generation << 32) | (uint)i;
        }
        finally
        {
            _lock.Exit();
        }

        return watchers;
    }

    /// <summary>What a watch is asked or told, if it is still there and looks at what changes.</summary>
    private bool TryPrepare(
        ref Watchers watchers, int number, int position, TranslationWatchFlags needed, out ITranslationHookHandler handler,
        out TranslationChange change)
    {
        Unsafe.SkipInit(out change);
        Unsafe.SkipInit(out handler);
        _lock.Enter();
        try
        {
            if (!TryFindWatch(watchers.Keys[number], out int index))
                return false;
            TranslationWatch* watch = _watches.At(index);
            WatchedPage* page = _pages.At(watch->Page);
            ref readonly PageChange about = ref _transaction.Changes[position];
            PageTranslation old = about.IsMade ? about.Old : page->Current;
            if ((watch->Flags & needed) != needed ||
                old.IsSameAs(in about.New, (watch->Flags & TranslationWatchFlags.NoExecute) != TranslationWatchFlags.None))
            {
                return false;
            }

            if ((watch->Flags & TranslationWatchFlags.Protects) != TranslationWatchFlags.None)
                _transaction.HasProtector = true;
            handler = Volatile.Read(ref _handlers)[watch->Handler];
            change = new TranslationChange
            {
                Cookie = watch->Cookie, Watch = watchers.Keys[number], Linear = LinearOf(page), Root = RootOf(page), Old = old,
                New = about.New, IsObserved = _transaction.IsObserved, Vcpu = _transaction.Vcpu,
            };
            return true;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Watches of one page.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Watchers
    {
        public int Count;
        public fixed ulong Keys[Limits.MaxWatchesPerPage];
    }
}
