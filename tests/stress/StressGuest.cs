using System;
using System.Linq;
using System.Threading;
using Engine.Abi;
using Tests.Unit.Fakes;

namespace Tests.Stress;

/// <summary>A guest whose vCPUs store while its hooks come and go.</summary>
internal sealed class StressGuest : IDisposable
{
    private const int TogglesInTurn = 16;

    private readonly TestMachine _machine;
    private readonly Random _random = new(7);
    private bool _stop;

    public StressGuest(int vcpus)
    {
        _machine = new TestMachine(GuestOptions.None, vcpus, quiet: true);

        // MOV [RDI],RSI.
        _machine.Code(0x48, 0x89, 0x37);
        Handler = new StressHandler(vcpus);
        Frames = new StressFrames(_machine.Guest.FrameHooks, Handler);
        Frames.Start();
        Vcpus = [.. Enumerable.Range(0, vcpus).Select(i => new StressVcpu(_machine, Frames, Handler, (uint)i))];
    }

    public StressHandler Handler { get; }

    public StressFrames Frames { get; }

    public StressVcpu[] Vcpus { get; }

    /// <summary>Number of the last exit of a vCPU, as the engine counts.</summary>
    public unsafe ulong EventIdOf(int vcpu) => _machine.Guest.Vcpus[(uint)vcpu]->EventId;

    /// <summary>Exits of a vCPU that the engine has counted as blocked.</summary>
    public unsafe ulong BlockedOf(int vcpu) => _machine.Guest.Vcpus.CountersOf((uint)vcpu)->Blocked;

    /// <summary>Threads of the vCPUs, each with so many exits.</summary>
    public Thread[] VcpuThreads(long exits) => [.. Vcpus.Select(vcpu => new Thread(() => vcpu.Run(exits)))];

    /// <summary>A thread that adds and removes hooks until it is stopped.</summary>
    public Thread HookThread()
    {
        Volatile.Write(ref _stop, false);
        return new Thread(() =>
        {
            for (int i = 1; !Volatile.Read(ref _stop); i++)
            {
                Frames.Toggle(_random.Next(StressFrames.Count));

                // Not after each: on a busy machine it takes long until the thread runs again.
                if (i % TogglesInTurn == 0)
                    Thread.Yield();
            }
        });
    }

    /// <summary>Stops it.</summary>
    public void StopHooks() => Volatile.Write(ref _stop, true);

    public void Dispose() => _machine.Dispose();
}
