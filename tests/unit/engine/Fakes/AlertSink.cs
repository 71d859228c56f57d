using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;

namespace Tests.Unit.Fakes;

/// <summary>Keeps the first alerts of a guest, in memory that exists from the start.</summary>
internal sealed unsafe class AlertSink
{
    private const int Kept = 16;

    private readonly EventEptViolation[] _alerts = new EventEptViolation[Kept];
    private int _count;

    /// <summary>Alerts that were delivered, those that are not kept included.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Size that the engine gave with the last one.</summary>
    public nuint LastSize { get; private set; }

    public uint LastClass { get; private set; }

    /// <summary>What NotifyIntrospectionAlert answers.</summary>
    public IntStatus Answer { get; set; }

    /// <summary>Called for each alert, on the thread of the exit.</summary>
    public Action? OnAlert { get; set; }

    public ref EventEptViolation this[int index]
    {
        get
        {
            if (index >= Count)
                throw new ArgumentOutOfRangeException(nameof(index), $"there are {Count} alerts");
            return ref _alerts[index];
        }
    }

    public void Clear() => Volatile.Write(ref _count, 0);

    internal IntStatus Take(uint eventClass, void* alert, nuint size)
    {
        int index = Interlocked.Increment(ref _count) - 1;
        LastClass = eventClass;
        LastSize = size;
        if (index < Kept && size == (nuint)sizeof(EventEptViolation))
            _alerts[index] = Unsafe.Read<EventEptViolation>(alert);
        OnAlert?.Invoke();
        return Answer;
    }
}
