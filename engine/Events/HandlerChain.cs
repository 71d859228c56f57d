using System;
using System.Threading;
using Engine.Abi;

namespace Engine.Events;

/// <summary>
/// Who is asked about exits of one kind, in order of their places; the array is replaced as a whole. The first one registers the kind's
/// handler with the glue, the last one unregisters it.
/// </summary>
/// <remarks>Thread safety: exits read the array without a lock, so that a handler may be removed in its own exit. Changes are made by one
/// thread at a time, which the owner sees to; the glue is called without a lock.</remarks>
internal sealed class HandlerChain<T>
    where T : class
{
    private readonly Func<bool, IntStatus> _register;
    private (int Place, T Handler)[] _entries = [];
    private T[] _handlers = [];

    /// <param name="register">Registers the handler with the glue, or, with false, unregisters it.</param>
    public HandlerChain(Func<bool, IntStatus> register) => _register = register;

    /// <summary>The handlers, in order.</summary>
    public ReadOnlySpan<T> Handlers => Volatile.Read(ref _handlers);

    /// <summary>Whether there has ever been one: an exit may be on its way that was meant for it.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>Adds a handler behind those of its place and of earlier ones. Fails, with nothing changed, if the glue does not register
    /// the kind's handler.</summary>
    public IntStatus Add(T handler, int place)
    {
        WasUsed = true;
        if (_entries.Length == 0)
        {
            IntStatus status = _register(true);
            if (!status.IsSuccess())
                return status;
        }

        int index = Array.FindLastIndex(_entries, entry => entry.Place <= place) + 1;
        Publish([.. _entries[..index], (place, handler), .. _entries[index..]]);
        return IntStatus.Success;
    }

    /// <summary>Removes a handler.</summary>
    public void Remove(T handler)
    {
        if (!Array.Exists(_entries, entry => entry.Handler == handler))
            return;
        Publish(Array.FindAll(_entries, entry => entry.Handler != handler));
        if (_entries.Length == 0)
            _register(false);
    }

    /// <summary>Removes all handlers.</summary>
    public void Clear()
    {
        if (_entries.Length == 0)
            return;
        Publish([]);
        _register(false);
    }

    private void Publish((int Place, T Handler)[] entries)
    {
        _entries = entries;
        Volatile.Write(ref _handlers, Array.ConvertAll(entries, entry => entry.Handler));
    }
}
