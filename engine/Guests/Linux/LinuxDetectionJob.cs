using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Engine.Events;
using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>
/// Looks for a guest's kernel in slices: on the timer, and whenever the glue has time (IntContinueWork). After an attempt that found
/// nothing it waits 1, 2, 4, ... seconds.
/// </summary>
/// <remarks>Thread safety: any thread that is in no exit and holds a claim; a second one at the same time does nothing.</remarks>
internal sealed class LinuxDetectionJob : ITimerJob, IDisposable
{
    private readonly GuestMemory _memory;
    private readonly ICpuSource _cpus;
    private readonly Action<LinuxDetectionJob> _onEnd;
    private LinuxDetection? _detection;
    private IEnumerator<WorkStep>? _work;
    private LinuxKernel? _kernel;
    private string _reason = "no vCPU is in 64-bit mode with a kernel's entry";
    private int _isBusy;
    private int _ticksToWait;
    private int _pause = 1;
    private long _firstSlice;

    /// <param name="memory">The guest's memory.</param>
    /// <param name="cpus">Its registers.</param>
    /// <param name="onEnd">Called at the end of an attempt's last slice, whether it has found a kernel or not.</param>
    public LinuxDetectionJob(GuestMemory memory, ICpuSource cpus, Action<LinuxDetectionJob> onEnd)
    {
        _memory = memory;
        _cpus = cpus;
        _onEnd = onEnd;
    }

    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "looking for a Linux kernel";

    /// <summary>The kernel; null: not found, or not yet.</summary>
    public LinuxKernel? Kernel => Volatile.Read(ref _kernel);

    /// <summary>Whether an attempt is under way.</summary>
    public bool IsUnderWay => Volatile.Read(ref _work) is not null;

    /// <summary>Why the last attempt found nothing.</summary>
    public string Reason => Volatile.Read(ref _reason);

    /// <summary>Attempts that were begun.</summary>
    public int Attempts { get; private set; }

    /// <summary>Slices of the attempt that succeeded, or of the last one.</summary>
    public int Slices { get; private set; }

    /// <summary>Time of all its slices.</summary>
    public TimeSpan Worked { get; private set; }

    /// <summary>Time of its longest slice.</summary>
    public TimeSpan LongestSlice { get; private set; }

    /// <summary>Time from its first slice to the end of its last.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <inheritdoc/>
    public void Run()
    {
        if (_ticksToWait > 0)
            _ticksToWait--;
        else
            Continue(mayBegin: true);
    }

    /// <summary>Does one slice of work. False: none is left.</summary>
    /// <param name="mayBegin">Whether an attempt may be begun.</param>
    public bool Continue(bool mayBegin)
    {
        if (Kernel is not null || (!mayBegin && !IsUnderWay) || Interlocked.Exchange(ref _isBusy, 1) != 0)
            return IsUnderWay;

        try
        {
            if (_work is null)
            {
                CpuRegisters first = _cpus.ReadFirst();
                if (!LinuxDetection.IsWorthwhile(_memory, in first))
                    return false;
                Begin();
            }

            RunSlice();
            return IsUnderWay;
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    /// <summary>Forgets the kernel, and everything of an attempt. Only when nobody is left inside the guest.</summary>
    public void Forget()
    {
        End();
        _kernel?.Dispose();
        Volatile.Write(ref _kernel, null);
        _ticksToWait = 0;
        _pause = 1;
        Attempts = 0;
        _isBusy = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private void Begin()
    {
        _detection = new LinuxDetection(_memory, _cpus);
        Volatile.Write(ref _work, _detection.Run().GetEnumerator());
        Attempts++;
        Slices = 0;
        Worked = LongestSlice = TimeSpan.Zero;
        _firstSlice = Stopwatch.GetTimestamp();
    }

    private void RunSlice()
    {
        long start = Stopwatch.GetTimestamp();
        bool hasMore = false;
        bool isDone = false;
        try
        {
            do
                hasMore = _work!.MoveNext();
            while (hasMore && Stopwatch.GetElapsedTime(start).TotalMilliseconds < Limits.SliceMilliseconds);
            isDone = !hasMore;
        }
        finally
        {
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            Slices++;
            Worked += took;
            LongestSlice = took > LongestSlice ? took : LongestSlice;
            Elapsed = Stopwatch.GetElapsedTime(_firstSlice);

            // Also where the attempt has failed with an exception.
            if (!hasMore)
                Conclude();
        }

        if (isDone)
            _onEnd(this);
    }

    private void Conclude()
    {
        Volatile.Write(ref _kernel, _detection!.Kernel);
        Volatile.Write(ref _reason, _detection.Reason);
        End();
        _ticksToWait = _pause;
        _pause = Math.Min(_pause * 2, Limits.MaxDetectionPause);
    }

    private void End()
    {
        _work?.Dispose();
        Volatile.Write(ref _work, null);
        _detection?.Dispose();
        _detection = null;
    }
}
