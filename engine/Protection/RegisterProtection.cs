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
/// <remarks>Thread safety: Start, Stop and OnTimer by one thread at a time; OnWrite by any number.</remarks>
internal sealed unsafe class RegisterProtection : IRegisterHookHandler
{
    private readonly Hypervisor _hypervisor;
    private readonly RegisterHooks _hooks;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;
    private readonly List<GuardedRegister> _registers;
    private readonly RegisterWatch _watch;

    public RegisterProtection(
        Hypervisor hypervisor, RegisterHooks hooks, VerdictPolicy policy, AlertRaiser alerts, RegisterWatch watch,
        List<GuardedRegister> registers)
    {
        _hypervisor = hypervisor;
        _hooks = hooks;
        _policy = policy;
        _alerts = alerts;
        _watch = watch;
        _registers = registers;
    }

    /// <summary>Hooks what can be trapped, watches the rest, and reports both.</summary>
    public void Start(VcpuTable vcpus, List<ProtectionReport> reports)
    {
        foreach (GuardedRegister register in _registers)
        {
            IntStatus status = _hooks.Set(register.Kind, register.Number, this);
            if (status.IsSuccess())
                reports.Add(new ProtectionReport(register.Name, ProtectionState.Prevented, ""));
            else
                reports.Add(Watch(register, vcpus, status));
        }
    }

    /// <summary>Removes the hooks.</summary>
    public void Stop() => _hooks.Remove(this);

    /// <inheritdoc/>
    public IntroAction OnWrite(ref RegisterWrite write)
    {
        GuardedRegister? register = Find(write.Kind, write.Number);
        if (register is null || !register.IsBrokenBy(write.Old, write.New))
            return IntroAction.Allowed;

        RegisterAlert alert = Describe(register, write.Old, write.New);
        alert.Verdict = IntroAction.NotAllowed;
        alert.Action = _policy.KernelAction(IntroAction.NotAllowed);
        _alerts.RaiseRegister(ref write, in alert);
        return alert.Action;
    }

    private ProtectionReport Watch(GuardedRegister register, VcpuTable vcpus, IntStatus why)
    {
        WatchedRegister watched = new(
            register.Name,
            (vcpu, in regs) => Read(register, vcpu, in regs),
            (_, oldValue, newValue) => register.IsBrokenBy(oldValue.Value, newValue.Value),
            (vcpu, milliseconds, oldValue, newValue) =>
            {
                RegisterAlert alert = Describe(register, oldValue.Value, newValue.Value);
                _alerts.RaiseSeen(vcpu, milliseconds, in alert);
            });
        return _watch.TryAdd(watched, vcpus)
            ? new ProtectionReport(register.Name, ProtectionState.Watched, $"writes cannot be trapped: {why}")
            : new ProtectionReport(register.Name, ProtectionState.NotPossible, $"can neither be trapped nor read: {why}");
    }

    private RegisterReading? Read(GuardedRegister register, uint vcpu, in IgArchRegs regs)
    {
        if (register.Kind == RegisterKind.Cr)
            return new RegisterReading(register.Number == 0 ? regs.Cr0 : regs.Cr4, 0);
        return _hypervisor.ReadMsr(vcpu, register.Number, out ulong value).IsSuccess() ? new RegisterReading(value, 0) : null;
    }

    private GuardedRegister? Find(RegisterKind kind, uint number)
    {
        foreach (GuardedRegister register in _registers)
        {
            if (register.Kind == kind && register.Number == number)
                return register;
        }

        return null;
    }

    private static RegisterAlert Describe(GuardedRegister register, ulong oldValue, ulong newValue) => new()
    {
        Type = register.Kind == RegisterKind.Cr ? IntroEventType.CrViolation : IntroEventType.MsrViolation,
        Victim = register.Number,
        Name = register.NameUtf8,
        Mitre = register.Mitre,
        Size = sizeof(ulong),
        Old = oldValue,
        New = newValue,
    };
}
