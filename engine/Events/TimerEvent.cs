using System;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Events;

/// <summary>
/// The timer (spec/12, section 9): jobs, each with a period of its own. The first job that is added registers the handler with the glue.
/// </summary>
/// <remarks>
/// <para>A tick begins no further job once it has taken <see cref="Limits.TimerMilliseconds"/>; the next tick begins with those that were
/// left. A job that fails is named in the log, a few times, and the others go on.</para>
/// <para>Thread safety: any thread; ticks run one at a time, and a second one at the same time is told so.</para>
/// </remarks>
internal sealed class TimerEvent
{
    private readonly Hypervisor _hypervisor;
    private readonly nint _handler;
    private readonly Lock _lock = new();
    private TimerEntry[] _entries = [];
    private int _registered;
    private int _isBusy;
    private int _first;
    private int _faults;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="handler">What the glue calls.</param>
    public TimerEvent(Hypervisor hypervisor, nint handler)
    {
        _hypervisor = hypervisor;
        _handler = handler;
    }

    /// <summary>Number of ticks.</summary>
    public ulong Calls { get; private set; }

    /// <summary>Adds a job, unless it is there already.</summary>
    public void Add(ITimerJob job)
    {
        if (Has(Volatile.Read(ref _entries), job))
            return;
        lock (_lock)
        {
            if (!Has(_entries, job))
                Volatile.Write(ref _entries, [.. _entries, new TimerEntry(job, Calls + (ulong)job.Period)]);
        }

        if (Interlocked.Exchange(ref _registered, 1) != 0)
            return;
        IntStatus status = _hypervisor.RegisterTimerHandler(_handler);
        if (!status.IsSuccess())
        {
            _hypervisor.Log.Write(
                IgLogLevel.Warning, $"no timer from the glue ({status}): it has to call IntHandleTimer by itself");
        }
    }

    /// <summary>Removes a job; a run that is under way ends.</summary>
    public void Remove(ITimerJob job)
    {
        lock (_lock)
            Volatile.Write(ref _entries, Array.FindAll(_entries, entry => entry.Job != job));
    }

    /// <summary>Removes all jobs and unregisters the handler.</summary>
    public void Clear()
    {
        lock (_lock)
            Volatile.Write(ref _entries, []);
        if (Interlocked.Exchange(ref _registered, 0) != 0)
            _hypervisor.RegisterTimerHandler(0);
    }

    /// <summary>Runs the jobs whose time has come. <see cref="IntStatus.Busy"/>: another thread is at it.</summary>
    public IntStatus Tick()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
            return IntStatus.Busy;

        try
        {
            Calls++;
            RunJobs(Volatile.Read(ref _entries));
            return IntStatus.Success;
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    private static bool Has(TimerEntry[] entries, ITimerJob job)
    {
        foreach (TimerEntry entry in entries)
        {
            if (entry.Job == job)
                return true;
        }

        return false;
    }

    private void RunJobs(TimerEntry[] entries)
    {
        long end = Environment.TickCount64 + Limits.TimerMilliseconds;
        for (int i = 0; i < entries.Length; i++)
        {
            int index = (_first + i) % entries.Length;
            TimerEntry entry = entries[index];
            if (Calls < entry.Due)
                continue;
            if (i != 0 && Environment.TickCount64 >= end)
            {
                _first = index;
                return;
            }

            entry.Due = Calls + (ulong)entry.Job.Period;
            Run(entry.Job);
        }
    }

    private void Run(ITimerJob job)
    {
        try
        {
            job.Run();
        }
        catch (Exception exception)
        {
            if (Interlocked.Increment(ref _faults) <= Limits.MaxFaultLines)
                _hypervisor.Log.Write(IgLogLevel.Critical, $"fault in a job of the timer, {job.Name}: {exception.GetType().Name}");
        }
    }
}
