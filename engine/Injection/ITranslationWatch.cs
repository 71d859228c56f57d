using Engine.Memory;

namespace Engine.Injection;

/// <summary>
/// Tells when a page becomes present, or writable, by hooks on the tables that lead to it. Where there is none, or it cannot watch a
/// page, the page is looked at in the exits of its address space and on the timer.
/// </summary>
internal interface ITranslationWatch
{
    /// <summary>Begins to watch a page; <c>SwapMemory.OnTranslationChanged(cookie)</c> is called when its translation has changed.
    /// False: it cannot.</summary>
    bool TryWatch(in PagingContext paging, ulong linear, ulong cookie);

    /// <summary>Ends that.</summary>
    void Unwatch(ulong cookie);
}
