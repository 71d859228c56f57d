using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>Compares registers that cannot be trapped with what they were, on the timer, with the vCPUs paused where the glue
/// can.</summary>
/// <remarks>Thread safety: by one thread at a time, which ActiveGuest sees to. Not an exit path: it may allocate.</remarks>
internal sealed class RegisterWatch
{
    private readonly Hypervisor _hypervisor;
    private readonly List<(WatchedRegister Register, RegisterReading?[] Values)> _watched = [];
    private long _lastCheck = Environment.TickCount64;

    public RegisterWatch(Hypervisor hypervisor) => _hypervisor = hypervisor;

    /// <summary>Whether there is anything to compare.</summary>
    public bool IsEmpty => _watched.Count == 0;

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
            _watched.Add((register, values));
        return any;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _watched.Clear();

    /// <summary>Compares all of them. A changed value is reported once and is then the one that counts.</summary>
    public void Check()
    {
        long now = Environment.TickCount64;
        long elapsed = now - _lastCheck;
        _lastCheck = now;
        using PauseScope pause = PauseScope.Take(_hypervisor);
        for (uint vcpu = 0; _watched.Count != 0 && vcpu < (uint)_watched[0].Values.Length; vcpu++)
        {
            if (TryRead(vcpu, out IgArchRegs regs))
                CheckVcpu(vcpu, in regs, elapsed);
        }
    }

    private void CheckVcpu(uint vcpu, in IgArchRegs regs, long elapsed)
    {
        foreach ((WatchedRegister register, RegisterReading?[] values) in _watched)
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
