namespace Engine.Injection;

/// <summary>A way once around the queue of waiting reads, by their ascending numbers: from behind a first one to the end, then from the
/// beginning to the first.</summary>
internal struct SwapCursor
{
    private readonly ulong _first;
    private bool _isWrapped;

    /// <param name="first">The read that was last on the way before; 0: none.</param>
    public SwapCursor(ulong first)
    {
        _first = first;
        _isWrapped = false;
        Last = first;
    }

    /// <summary>The read that was last on this way.</summary>
    public ulong Last { get; set; }

    /// <summary>Whether a read is still to come in this part of the way.</summary>
    public readonly bool IsAhead(ulong id) => id > Last && (!_isWrapped || id <= _first);

    /// <summary>Begins the second part. False: it was begun already, or there is none.</summary>
    public bool TryWrap()
    {
        if (_isWrapped || _first == 0)
            return false;
        _isWrapped = true;
        Last = 0;
        return true;
    }
}
