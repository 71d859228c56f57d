using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Events;
using Engine.Hooks;
using Engine.Vcpus;

namespace Engine.Alerts;

/// <content>Accesses that could not be judged.</content>
internal sealed unsafe partial class AlertRaiser : IUnjudgedAccesses
{
    /// <summary>An allowance of its own: a guest must not be able to use up that of what was judged.</summary>
    private readonly RateLimiter _unjudged = new(Limits.UnjudgedAlertBurst, Limits.UnjudgedAlertsPerSecond);

    /// <summary>Alerts about accesses that were not judged that were dropped because the guest caused too many.</summary>
    public long DroppedUnjudged => _unjudged.Dropped;

    /// <inheritdoc/>
    public void OnUnjudged(in FrameAccess access, IntroAction action)
    {
        if (_unjudged.TryTake())
            BuildUnjudged(in access, action);
    }

    /// <inheritdoc/>
    public void OnLeftToHypervisor(in FrameAccess access)
    {
        if (_unjudged.TryTake())
        {
            _hypervisor.Log.Write(
                IgLogLevel.Warning,
                $"vcpu {access.Vcpu->Index} rip {access.Vcpu->Regs.Rip:x}: a store at {access.Gpa:x} gla {access.Gla:x} was allowed and is left to the hypervisor");
        }
    }

    /// <remarks>A method of its own for the same reason as <see cref="BuildWrite"/>.</remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BuildUnjudged(in FrameAccess access, IntroAction action)
    {
        VcpuState* vcpu = access.Vcpu;
        bool isKnown = (vcpu->PushedMask & VcpuRegisters.Sufficient) == VcpuRegisters.Sufficient;
        Unsafe.SkipInit(out EventEptViolation alert);
        NativeMemory.Clear(&alert, (nuint)sizeof(EventEptViolation));
        AlertHeader.Fill(
            ref alert.Header, isKnown ? vcpu : null, action, IntroActionReason.InternalError, default, _policy.KernelLogOnly);
        if (isKnown)
        {
            AlertHeader.Fill(ref alert.ExecContext, vcpu, access.Memory);
        }
        else
        {
            alert.Header.Flags &= ~AlertFlags.Async;
            alert.Header.CpuContext.Cpu = vcpu->Index;
        }

        bool writes = (access.Access & EptAccess.Write) != EptAccess.None;
        bool executes = (access.Access & EptAccess.Execute) != EptAccess.None;
        alert.VictimType = IntroObjectType.Raw;
        alert.Violation = writes ? IntroEptAccessType.Write : executes ? IntroEptAccessType.Execute : IntroEptAccessType.Read;
        alert.ZoneTypes = writes ? ZoneFlags.Write : executes ? ZoneFlags.Execute : ZoneFlags.Read;
        alert.VirtualPage = access.Gla & ~PageMask;
        alert.PhysicalPage = access.Gpa & ~PageMask;
        alert.Offset = (uint)(access.Gpa & PageMask);

        ReadOnlySpan<byte> outcome = action == IntroAction.NotAllowed ? "blocked"u8 : "let through"u8;
        _hypervisor.Log.Write(
            IgLogLevel.Warning,
            $"vcpu {vcpu->Index} rip {alert.Header.CpuContext.Rip:x}: an access at {access.Gpa:x} gla {access.Gla:x} could not be judged: {outcome}");
        Deliver(IntroEventType.EptViolation, ref alert);
    }
}
