namespace Engine.Injection;

/// <summary>Where a page of a waiting read is.</summary>
internal enum SwapPageState
{
    /// <summary>Absent; a page fault may be injected for it.</summary>
    Missing,

    /// <summary>A page fault was asked for, on some vCPU.</summary>
    Injected,

    /// <summary>The page fault was delivered: the guest is bringing the page.</summary>
    Delivered,

    /// <summary>Its bytes are in the buffer.</summary>
    Done,
}
