using System;

namespace Engine.Injection;

/// <summary>The bytes of a read, once all of its pages have been there. Each page was read when it came, so that bytes of different pages
/// may be of different moments.</summary>
internal readonly ref struct SwapInData
{
    /// <summary>CR3 of the request.</summary>
    public required ulong Cr3 { get; init; }

    /// <summary>Linear address of the first byte.</summary>
    public required ulong Linear { get; init; }

    /// <summary>Guest-physical address that the first byte had when it was read.</summary>
    public required ulong Physical { get; init; }

    /// <summary>The bytes, valid during the call.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Whether the read has waited: the call comes from another exit, or from the timer, than the one that asked (ASYNC_CALL).
    /// </summary>
    public required bool IsAsync { get; init; }
}
