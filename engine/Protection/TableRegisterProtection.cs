using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Policy;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>
/// Guards IDTR or GDTR: after the start of protection a vCPU may load the table that it had then, a null table (how a kernel
/// reboots: it passes, and opens nothing), and, while it comes up from a reset in real mode, any table until it is back at its
/// own.
/// </summary>
/// <remarks>Thread safety: as <see cref="IProtection"/>; OnWrite by any number, each vCPU touching its own entry alone.</remarks>
internal sealed unsafe class TableRegisterProtection : IRegisterHookHandler, IProtection
{
    private const ulong Cr0Pe = 1;

    private readonly RegisterHooks _hooks;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;
    private readonly RegisterWatch _watch;
    private readonly DescriptorAccess _register;
    private readonly IdtProtection? _table;
    private readonly WatchedRegister _watched;
    private VcpuTableRegister[] _vcpus = [];
    private ProtectionReport? _report;

    /// <param name="hooks">The guest's hooks on registers.</param>
    /// <param name="policy">What is in force.</param>
    /// <param name="alerts">Its alerts.</param>
    /// <param name="watch">What compares registers on the timer.</param>
    /// <param name="register">Idtr or Gdtr.</param>
    /// <param name="table">What guards the table that the register names, and has to follow it; null: nothing does.</param>
    public TableRegisterProtection(
        RegisterHooks hooks, VerdictPolicy policy, AlertRaiser alerts, RegisterWatch watch, DescriptorAccess register,
        IdtProtection? table = null)
    {
        _table = table;
        _hooks = hooks;
        _policy = policy;
        _alerts = alerts;
        _watch = watch;
        _register = register;
        _watched = Watched();
    }

    private bool IsIdtr => _register == DescriptorAccess.Idtr;

    private GuestOptions Option => IsIdtr ? GuestOptions.ProtectIdtr : GuestOptions.ProtectGdtr;

    private string Name => IsIdtr ? "IDTR" : "GDTR";

    /// <summary>Remembers the table of each vCPU, hooks loads of the register, and watches it.</summary>
    public void Start(OptionSet options, in ProtectionStart start)
    {
        if (_report is not null || !options.Has(Option))
            return;

        _vcpus = Array.ConvertAll(start.Now, vcpu => new VcpuTableRegister
        {
            Own = ReadingOf(in vcpu.Regs),
            ComingUp = !vcpu.Has(VcpuRegisters.Tables) || (vcpu.Regs.Cr0 & Cr0Pe) == 0,
        });

        // Where loads are trapped, too: the hypervisor reads the operand again after the verdict, and another vCPU may have
        // changed it meanwhile.
        bool watched = _watch.TryAdd(_watched, start.Now);
        IntStatus status = _hooks.Set(RegisterKind.Dtr, (uint)_register, this);
        _report =
            status.IsSuccess() ? new ProtectionReport(Name, ProtectionState.Prevented, "also compared on the timer")
            : watched ? new ProtectionReport(Name, ProtectionState.Watched, $"loads cannot be trapped: {status}")
            : new ProtectionReport(Name, ProtectionState.NotPossible, $"can neither be trapped nor read: {status}");
    }

    /// <inheritdoc/>
    public void Stop(OptionSet kept)
    {
        if (_report is null || kept.Has(Option))
            return;
        _hooks.Remove(this);
        _watch.Remove(_watched);
        _report = null;
    }

    /// <inheritdoc/>
    public void Report(OptionSet options, List<ProtectionReport> reports)
    {
        if (_report is not null)
            reports.Add(_report);
    }

    /// <summary>What a vCPU may load, or loads all the same, is the table that counts for it from then on (IntDtrHandleWrite).</summary>
    public void OnOutcome(ref RegisterWrite write, IntroAction final)
    {
        if (final == IntroAction.NotAllowed || !_policy.InForce.Has(Option))
            return;

        VcpuState* vcpu = write.Vcpu;
        if (!IsIdtr)
        {
            vcpu->GdtBase = write.New;
            return;
        }

        vcpu->IdtBase = write.New;
        vcpu->IdtLimit = write.NewLimit;
        if (write.New != 0 && (vcpu->Regs.Cr0 & Cr0Pe) != 0)
            _table?.Follow(vcpu);
    }

    /// <inheritdoc/>
    public IntroAction OnWrite(ref RegisterWrite write)
    {
        if (!_policy.InForce.Has(Option))
            return IntroAction.Allowed;

        ref VcpuTableRegister vcpu = ref _vcpus[write.Vcpu->Index];
        RegisterReading asked = new(write.New, write.NewLimit);
        if (asked == default)
            return IntroAction.Allowed;

        if ((write.Vcpu->Regs.Cr0 & Cr0Pe) == 0)
        {
            vcpu.ComingUp = true;
            return IntroAction.Allowed;
        }

        if (asked == vcpu.Own)
        {
            vcpu.ComingUp = false;
            return IntroAction.Allowed;
        }

        if (vcpu.ComingUp)
        {
            // A vCPU that was not up when protection started has no table of its own yet: the first one after real mode is it.
            if (vcpu.Own == default)
                vcpu.Own = asked;
            return IntroAction.Allowed;
        }

        int size = sizeof(ushort) + (write.Vcpu->CsType == IgCsType.Bits64 ? sizeof(ulong) : sizeof(uint));
        RegisterAlert alert = Describe(new RegisterReading(write.Old, write.OldLimit), asked, size);
        alert.Verdict = IntroAction.NotAllowed;
        alert.Action = _policy.KernelAction(IntroAction.NotAllowed);
        _alerts.RaiseRegister(ref write, in alert);
        return alert.Action;
    }

    private WatchedRegister Watched() => new(
        (_, in regs) => (regs.Cr0 & Cr0Pe) != 0 ? ReadingOf(in regs) : null,
        (vcpu, oldValue, newValue) =>
            newValue != oldValue && newValue != default && newValue != _vcpus[vcpu].Own && !_vcpus[vcpu].ComingUp &&
            _policy.InForce.Has(Option),
        (vcpu, milliseconds, oldValue, newValue) =>
        {
            RegisterAlert alert = Describe(oldValue, newValue, sizeof(ushort) + sizeof(ulong));
            _alerts.RaiseSeen(vcpu, milliseconds, in alert);
        });

    private RegisterReading ReadingOf(in IgArchRegs regs) => IsIdtr
        ? new RegisterReading(regs.IdtBase, (ushort)regs.IdtLimit)
        : new RegisterReading(regs.GdtBase, (ushort)regs.GdtLimit);

    private RegisterAlert Describe(RegisterReading oldValue, RegisterReading newValue, int size) => new()
    {
        Type = IntroEventType.DtrViolation,
        Victim = (uint)(IsIdtr ? IntroObjectType.Idtr : IntroObjectType.Gdtr),
        Name = IsIdtr ? "IDTR"u8 : "GDTR"u8,
        Mitre = MitreId.Hooking,
        Size = size,
        Old = oldValue.Value,
        OldLimit = oldValue.Limit,
        New = newValue.Value,
        NewLimit = newValue.Limit,
    };
}
