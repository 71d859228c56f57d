using System.Collections.Generic;
using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Policy;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>
/// Guards control and model-specific registers: a write that breaks a guard is not allowed. A register whose writes this
/// hypervisor cannot trap is compared on the timer instead (<see cref="RegisterWatch"/>).
/// </summary>
/// <remarks>Thread safety: by one thread at a time; the guards themselves are asked by any number.</remarks>
internal sealed class RegisterProtection
{
    private readonly Hypervisor _hypervisor;
    private readonly RegisterHooks _hooks;
    private readonly RegisterWatch _watch;
    private readonly List<RegisterGuard> _guards;

    public RegisterProtection(
        Hypervisor hypervisor, RegisterHooks hooks, VerdictPolicy policy, AlertRaiser alerts, RegisterWatch watch,
        List<GuardedRegister> registers)
    {
        _hypervisor = hypervisor;
        _hooks = hooks;
        _watch = watch;
        _guards = registers.ConvertAll(register => new RegisterGuard(register, policy, alerts));
    }

    /// <summary>Hooks what can be trapped, watches the rest, and reports both.</summary>
    public void Start(VcpuSnapshot[] now, List<ProtectionReport> reports)
    {
        foreach (RegisterGuard guard in _guards)
        {
            GuardedRegister register = guard.Register;
            IntStatus status = _hooks.Set(register.Kind, register.Number, guard);
            reports.Add(
                status.IsSuccess() ? new ProtectionReport(register.Name, ProtectionState.Prevented, "")
                : _watch.TryAdd(Watched(guard), now)
                    ? new ProtectionReport(register.Name, ProtectionState.Watched, $"writes cannot be trapped: {status}")
                : new ProtectionReport(
                    register.Name, ProtectionState.NotPossible, $"can neither be trapped nor read: {status}"));
        }
    }

    /// <summary>Removes the hooks.</summary>
    public void Stop()
    {
        foreach (RegisterGuard guard in _guards)
            _hooks.Remove(guard);
    }

    private WatchedRegister Watched(RegisterGuard guard) => new(
        (vcpu, in regs) => Read(guard.Register, vcpu, in regs),
        (_, oldValue, newValue) => guard.Register.IsBrokenBy(oldValue.Value, newValue.Value),
        (vcpu, milliseconds, oldValue, newValue) => guard.ReportSeen(vcpu, milliseconds, oldValue.Value, newValue.Value));

    private RegisterReading? Read(GuardedRegister register, uint vcpu, in IgArchRegs regs)
    {
        if (register.Kind == RegisterKind.Cr)
            return new RegisterReading(register.Number == 0 ? regs.Cr0 : regs.Cr4, 0);
        return _hypervisor.ReadMsr(vcpu, register.Number, out ulong value).IsSuccess() ? new RegisterReading(value, 0) : null;
    }
}
