using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Policy;

namespace Engine.Protection;

/// <summary>Judges the writes to one guarded register.</summary>
/// <remarks>Thread safety: immutable; any number of vCPUs at once.</remarks>
internal sealed class RegisterGuard : IRegisterHookHandler
{
    private readonly GuardedRegister _register;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;

    public RegisterGuard(GuardedRegister register, VerdictPolicy policy, AlertRaiser alerts)
    {
        _register = register;
        _policy = policy;
        _alerts = alerts;
    }

    /// <summary>What is guarded.</summary>
    public GuardedRegister Register => _register;

    /// <inheritdoc/>
    public IntroAction OnWrite(ref RegisterWrite write) =>
        _register.IsBrokenBy(write.Old, write.New) ? Report(ref write) : IntroAction.Allowed;

    /// <summary>Reports a change that the timer has found.</summary>
    public void ReportSeen(uint vcpu, long milliseconds, ulong oldValue, ulong newValue)
    {
        RegisterAlert alert = Describe(oldValue, newValue);
        _alerts.RaiseSeen(vcpu, milliseconds, in alert);
    }

    private IntroAction Report(ref RegisterWrite write)
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
