using System.Collections.Generic;
using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Policy;

namespace Engine.Protection;

/// <summary>
/// Guards control and model-specific registers: a write that breaks a guard is not allowed. A register whose writes this
/// hypervisor cannot trap is compared on the timer instead (<see cref="RegisterWatch"/>).
/// </summary>
/// <remarks>Thread safety: as <see cref="IProtection"/>; the guards themselves are asked by any number of vCPUs.</remarks>
internal sealed class RegisterProtection : IProtection
{
    private readonly RegisterHooks _hooks;
    private readonly RegisterWatch _watch;
    private readonly List<RegisterGuard> _guards;

    public RegisterProtection(
        Hypervisor hypervisor, RegisterHooks hooks, VerdictPolicy policy, AlertRaiser alerts, RegisterWatch watch)
    {
        _hooks = hooks;
        _watch = watch;
        _guards = GuardedRegister.All().ConvertAll(register => new RegisterGuard(register, hypervisor, policy, alerts));
    }

    /// <inheritdoc/>
    public void Start(OptionSet options, in ProtectionStart start)
    {
        foreach (RegisterGuard guard in _guards)
        {
            GuardedRegister register = guard.Register;
            if (guard.Report is not null || !register.IsGuardedBy(options))
                continue;

            IntStatus status = _hooks.Set(register.Kind, register.Number, guard, filter: register.Filter);
            guard.Report =
                status.IsSuccess() ? new ProtectionReport(register.Name, ProtectionState.Prevented, "")
                : _watch.TryAdd(guard.Watched, start.Now)
                    ? new ProtectionReport(register.Name, ProtectionState.Watched, $"writes cannot be trapped: {status}")
                : new ProtectionReport(
                    register.Name, ProtectionState.NotPossible, $"can neither be trapped nor read: {status}");
        }
    }

    /// <inheritdoc/>
    public void Stop(OptionSet kept)
    {
        foreach (RegisterGuard guard in _guards)
        {
            if (guard.Report is null || guard.Register.IsGuardedBy(kept))
                continue;
            _hooks.Remove(guard);
            _watch.Remove(guard.Watched);
            guard.Report = null;
        }
    }

    /// <inheritdoc/>
    public void Report(OptionSet options, List<ProtectionReport> reports)
    {
        foreach (RegisterGuard guard in _guards)
        {
            if (guard.Report is { } report)
                reports.Add(report);
        }
    }
}
