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
/// <remarks>Thread safety: Start and Stop by one thread; OnWrite by any number, each vCPU touching its own entry alone.</remarks>
internal sealed unsafe class TableRegisterProtection : IRegisterHookHandler
{
    private const ulong Cr0Pe = 1;

    private readonly RegisterHooks _hooks;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;
    private readonly RegisterWatch _watch;
    private readonly DescriptorAccess _register;
    private VcpuTableRegister[] _vcpus = [];

    public TableRegisterProtection(
        RegisterHooks hooks, VerdictPolicy policy, AlertRaiser alerts, RegisterWatch watch, DescriptorAccess register)
    {
        _hooks = hooks;
        _policy = policy;
        _alerts = alerts;
        _watch = watch;
        _register = register;
    }

    private bool IsIdtr => _register == DescriptorAccess.Idtr;

    private string Name => IsIdtr ? "IDTR" : "GDTR";

    /// <summary>Remembers the table of each vCPU, hooks loads of the register, and watches it.</summary>
    public void Start(VcpuSnapshot[] now, List<ProtectionReport> reports)
    {
        _vcpus = Array.ConvertAll(now, vcpu => new VcpuTableRegister
        {
            Own = ReadingOf(in vcpu.Regs),
            ComingUp = !vcpu.Has(VcpuRegisters.Tables) || (vcpu.Regs.Cr0 & Cr0Pe) == 0,
        });

        // Where loads are trapped, too: the hypervisor reads the operand again after the verdict, and another vCPU may have
        // changed it meanwhile.
        bool watched = _watch.TryAdd(Watched(), now);
        IntStatus status = _hooks.Set(RegisterKind.Dtr, (uint)_register, this);
        reports.Add(
            status.IsSuccess() ? new ProtectionReport(Name, ProtectionState.Prevented, "also compared on the timer")
            : watched ? new ProtectionReport(Name, ProtectionState.Watched, $"loads cannot be trapped: {status}")
            : new ProtectionReport(Name, ProtectionState.NotPossible, $"can neither be trapped nor read: {status}"));
    }

    /// <summary>Removes the hook.</summary>
    public void Stop() => _hooks.Remove(this);

    /// <inheritdoc/>
    public IntroAction OnWrite(ref RegisterWrite write)
    {
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
            newValue != oldValue && newValue != default && newValue != _vcpus[vcpu].Own && !_vcpus[vcpu].ComingUp,
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
