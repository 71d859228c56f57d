using System;
using System.Linq;
using System.Threading;
using Engine;
using Engine.Abi;
using Engine.Events;
using Tests.Unit.Fakes;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Jobs on the timer.</summary>
public sealed class TimerEventTests : IDisposable
{
    private readonly FakeHypervisor _host = new();
    private readonly RegisterHost _timers = new();
    private readonly TimerEvent _timer;

    public TimerEventTests()
    {
        RegisterGlue.Add(_host.Handle, _timers);
        _timer = new TimerEvent(_host.Open(trim: _ => RegisterGlue.Table()), 1);
    }

    public void Dispose()
    {
        RegisterGlue.Remove(_host.Handle);
        _host.Forget();
    }

    [Fact]
    public void JobsRunByPeriodsOfTheirOwn()
    {
        Job every = new(1), third = new(3);
        _timer.Add(every);
        Tick(2);
        _timer.Add(third);
        _timer.Add(third);
        Tick(7);
        Assert.Equal((9, 2, 9UL), (every.Runs, third.Runs, _timer.Calls));
        _timer.Remove(every);
        Tick(2);
        Assert.Equal((9, 3), (every.Runs, third.Runs));
    }

    [Fact]
    public void TheFirstJobRegistersAndTheEndUnregisters()
    {
        Assert.False(_timers.Registered.ContainsKey("timer"));
        Job job = new(1);
        _timer.Add(job);
        Assert.True(_timers.Registered["timer"]);
        _timer.Clear();
        Assert.False(_timers.Registered["timer"]);
        Tick(1);
        Assert.Equal(0, job.Runs);
    }

    [Fact]
    public void AGlueThatRefusesIsToldToCallByItself()
    {
        _timers.RegisterAnswer = IntStatus.NotSupported;
        Job job = new(1);
        _timer.Add(job);
        Assert.Contains(_host.Log.Lines, line => line.Contains("IntHandleTimer", StringComparison.Ordinal));
        Tick(1);
        Assert.Equal(1, job.Runs);
    }

    [Fact]
    public void AJobThatFailsStopsNothing()
    {
        Job bad = new(1) { OnRun = () => throw new InvalidOperationException("made to fail") }, good = new(1);
        _timer.Add(bad);
        _timer.Add(good);
        Tick(10);
        Assert.Equal((10, 10), (bad.Runs, good.Runs));
        Assert.Equal(Limits.MaxFaultLines, _host.Log.Lines.Count(line => line.Contains("fault in a job", StringComparison.Ordinal)));
    }

    [Fact]
    public void WhatOneTickCannotDoTheNextOneBeginsWith()
    {
        Job slow = new(1) { OnRun = () => Thread.Sleep(Limits.TimerMilliseconds + 20) }, other = new(1), last = new(1);
        _timer.Add(slow);
        _timer.Add(other);
        _timer.Add(last);
        Tick(1);
        Assert.Equal((1, 0, 0), (slow.Runs, other.Runs, last.Runs));
        Tick(1);
        Assert.Equal((2, 1, 1), (slow.Runs, other.Runs, last.Runs));
    }

    [Fact]
    public void ASecondThreadIsTurnedAway()
    {
        IntStatus second = IntStatus.Success;
        _timer.Add(new Job(1) { OnRun = () => second = _timer.Tick() });
        Tick(1);
        Assert.Equal(IntStatus.Busy, second);
    }

    private void Tick(int count)
    {
        for (int i = 0; i < count; i++)
            Assert.Equal(IntStatus.Success, _timer.Tick());
    }

    private sealed class Job(int period) : ITimerJob
    {
        public int Period { get; } = period;

        public string Name => "a test's job";

        public int Runs { get; private set; }

        public Action? OnRun { get; init; }

        public void Run()
        {
            Runs++;
            OnRun?.Invoke();
        }
    }
}
