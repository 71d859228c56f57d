using System;
using System.Threading;
using Engine.Abi;
using Engine.Events;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>Compares registers that cannot be trapped with what they were, on the timer, with the vCPUs paused where the glue
/// can.</summary>
/// <remarks>Thread safety: Run by one thread at a time, which the timer sees to; registers come and go on any. Not an exit path: it may
/// allocate.</remarks>
internal sealed class RegisterWatch : ITimerJob
{
    private readonly Hypervisor _hypervisor;
    private readonly Lock _lock = new();
    private (WatchedRegister Register, RegisterReading?[] Values)[] _watched = [];
    private long _lastCheck = Environment.TickCount64;

    public RegisterWatch(Hypervisor hypervisor) => _hypervisor = hypervisor;

    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "registers";

    /// <summary>Whether there is anything to compare.</summary>
    public bool IsEmpty => Volatile.Read(ref _watched).Length == 0;

    /// <summary>Begins to watch a register on every vCPU, from the values that it had just now. False: it cannot be read on any.
    /// </summary>
    public bool TryAdd(WatchedRegister register, VcpuSnapshot[] now)
    {
        RegisterReading?[] values = new RegisterReading?[now.Length];
        bool any = false;
        for (uint i = 0; i < (uint)values.Length; i++)
        {
            if (now[i].Has(VcpuRegisters.FromGprsQuery | VcpuRegisters.Tables))
                values[i] = register.Read(i, in now[i].Regs);
            any |= values[i] is not null;
        }

        if (any)
        {
            lock (_lock)
                Volatile.Write(ref _watched, [.. _watched, (register, values)]);
        }

        return any;
    }

    /// <summary>Ends that.</summary>
    public void Remove(WatchedRegister register)
    {
        lock (_lock)
            Volatile.Write(ref _watched, Array.FindAll(_watched, entry => entry.Register != register));
    }

    /// <summary>Compares all of them. A changed value is reported once and is then the one that counts.</summary>
    public void Run()
    {
        (WatchedRegister Register, RegisterReading?[] Values)[] watched = Volatile.Read(ref _watched);
        long now = Environment.TickCount64;
        long elapsed = now - _lastCheck;
        _lastCheck = now;
        using PauseScope pause = PauseScope.Take(_hypervisor);
        for (uint vcpu = 0; watched.Length != 0 && vcpu < (uint)watched[0].Values.Length; vcpu++)
        {
            if (TryRead(vcpu, out IgArchRegs regs))
                CheckVcpu(watched, vcpu, in regs, elapsed);
        }
    }

    private static void CheckVcpu(
        (WatchedRegister Register, RegisterReading?[] Values)[] watched, uint vcpu, in IgArchRegs regs, long elapsed)
    {
        foreach ((WatchedRegister register, RegisterReading?[] values) in watched)
        {
            if (register.Read(vcpu, in regs) is not { } now)
                continue;
            if (values[vcpu] is { } before && register.IsBroken(vcpu, before, now))
                register.Report(vcpu, elapsed, before, now);
            values[vcpu] = now;
        }
    }

    private bool TryRead(uint vcpu, out IgArchRegs regs)
    {
        regs = default;
        return _hypervisor.Query(QueryInfoClass.RegisterState, vcpu, ref regs).IsSuccess();
    }
}
