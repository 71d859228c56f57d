using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Policy;

namespace Engine.Protection;

/// <summary>Judges the writes to one guarded register.</summary>
/// <remarks>Thread safety: judged by any number of vCPUs at once; the rest by one thread at a time.</remarks>
internal sealed class RegisterGuard : IRegisterHookHandler
{
    private readonly GuardedRegister _register;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;

    public RegisterGuard(GuardedRegister register, Hypervisor hypervisor, VerdictPolicy policy, AlertRaiser alerts)
    {
        _register = register;
        _policy = policy;
        _alerts = alerts;
        Watched = new WatchedRegister(
            (vcpu, in regs) => Read(hypervisor, vcpu, in regs),
            (_, oldValue, newValue) => register.IsBrokenBy(oldValue.Value, newValue.Value, policy.InForce),
            (vcpu, milliseconds, oldValue, newValue) => ReportSeen(vcpu, milliseconds, oldValue.Value, newValue.Value));
    }

    /// <summary>What is guarded.</summary>
    public GuardedRegister Register => _register;

    /// <summary>The same for the timer.</summary>
    public WatchedRegister Watched { get; }

    /// <summary>What became of it; null: it is not guarded.</summary>
    public ProtectionReport? Report { get; set; }

    /// <inheritdoc/>
    public IntroAction OnWrite(ref RegisterWrite write) =>
        _register.IsBrokenBy(write.Old, write.New, _policy.InForce)
            ? Block(ref write) : IntroAction.Allowed;

    private RegisterReading? Read(Hypervisor hypervisor, uint vcpu, in IgArchRegs regs)
    {
        if (_register.Kind == RegisterKind.Cr)
            return new RegisterReading(_register.Number == 0 ? regs.Cr0 : regs.Cr4, 0);
        return hypervisor.ReadMsr(vcpu, _register.Number, out ulong value).IsSuccess() ? new RegisterReading(value, 0) : null;
    }

    private void ReportSeen(uint vcpu, long milliseconds, ulong oldValue, ulong newValue)
    {
        RegisterAlert alert = Describe(oldValue, newValue);
        _alerts.RaiseSeen(vcpu, milliseconds, in alert);
    }

    private IntroAction Block(ref RegisterWrite write)
    {
        RegisterAlert alert = Describe(write.Old, write.New);
        alert.Verdict = IntroAction.NotAllowed;
        alert.Action = _policy.KernelAction(IntroAction.NotAllowed);
        _alerts.RaiseRegister(ref write, in alert);
        return alert.Action;
    }

    private RegisterAlert Describe(ulong oldValue, ulong newValue) => new()
    {
        Type = _register.Kind == RegisterKind.Cr ? IntroEventType.CrViolation : IntroEventType.MsrViolation,
        Victim = _register.Number,
        Name = _register.NameUtf8,
        Mitre = _register.Mitre,
        Size = sizeof(ulong),
        Old = oldValue,
        New = newValue,
    };
}
