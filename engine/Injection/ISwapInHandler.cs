namespace Engine.Injection;

/// <summary>
/// Gets the bytes of a read that had to wait. Of each read that was taken exactly one of <see cref="OnData"/> and
/// <see cref="OnCancelled"/> is called, once, whatever happens: what belongs to the read is let go there.
/// </summary>
/// <remarks>Called on the thread of an exit, of the timer, or of an end, with no lock held; both may ask for other reads, or cancel some.
/// </remarks>
internal interface ISwapInHandler
{
    /// <summary>All bytes are there.</summary>
    void OnData(ulong cookie, in SwapInData data);

    /// <summary>The read was cancelled, or given up; or the guest is let go.</summary>
    void OnCancelled(ulong cookie);

    /// <summary>Asked before each page fault for the page at an address. False: not now; another page, or another exit, may do. Must
    /// not call into SwapMemory.</summary>
    bool MayInject(ulong cookie, ulong linear) => true;
}
