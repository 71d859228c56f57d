using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Policy;

namespace Engine.Alerts;

/// <summary>
/// Builds alerts in the reference's structures (spec/43, section 8) and hands them to the glue, with one log line each.
/// </summary>
/// <remarks>
/// <para>The structure, 12 KB, lives on the stack of the exit: the interface promises its buffer only until the callback returns,
/// several vCPUs may raise alerts at once, and nothing is allocated. INTROCORE_MIN_STACK allows for it.</para>
/// <para>Thread safety: any thread.</para>
/// </remarks>
internal sealed unsafe partial class AlertRaiser
{
    private const ulong PageMask = 0xFFF;

    private readonly Hypervisor _hypervisor;
    private readonly VerdictPolicy _policy;
    private readonly RateLimiter _limiter = new(Limits.AlertBurst, Limits.AlertsPerSecond);
    private long _announcedDrops;

    public AlertRaiser(Hypervisor hypervisor, VerdictPolicy policy)
    {
        _hypervisor = hypervisor;
        _policy = policy;
    }

    /// <summary>Alerts that were dropped because the guest caused too many.</summary>
    public long Dropped => _limiter.Dropped;

    /// <summary>Reports a write, unless the guest has caused too many alerts already; then it is not looked for who wrote, either.
    /// </summary>
    public void RaiseWrite(ref FrameAccess access, in WriteAlert about)
    {
        if (!TryBegin())
            return;
        access.Attribution?.Attribute(ref access);
        BuildWrite(in access, in about);
    }

    /// <remarks>A method of its own, so that a store whose alert is dropped does not pay for the room that the structure takes on the
    /// stack. It is cleared once, here, and not by the runtime as well.</remarks>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BuildWrite(in FrameAccess access, in WriteAlert about)
    {
        Unsafe.SkipInit(out EventEptViolation alert);
        NativeMemory.Clear(&alert, (nuint)sizeof(EventEptViolation));
        AlertHeader.Fill(
            ref alert.Header, access.Vcpu, about.Verdict, about.Reason, about.Mitre, _policy.KernelLogOnly);
        alert.VictimType = about.Victim;
        alert.VictimIdtEntry = about.IdtEntry;
        if (!access.Before.IsEmpty)
            alert.Header.Flags |= AlertFlags.Async;
        FillWrite(ref alert.WriteInfo, in access);
        alert.Violation = IntroEptAccessType.Write;
        alert.HookStartVirtual = about.ObjectLinear;
        alert.HookStartPhysical = about.ObjectPhysical;
        alert.VirtualPage = access.Gla & ~PageMask;
        alert.PhysicalPage = access.Gpa & ~PageMask;
        alert.Offset = (uint)(access.Gpa & PageMask);
        alert.ZoneTypes = ZoneFlags.Write;
        if (access.Vcpu != null)
            AlertHeader.Fill(ref alert.ExecContext, access.Vcpu, access.Memory);

        Log(in access, in about, in alert);
        Deliver(IntroEventType.EptViolation, ref alert);
    }

    private bool TryBegin()
    {
        if (!_limiter.TryTake())
            return false;

        AnnounceDrops();
        return true;
    }

    private void Deliver<T>(IntroEventType type, ref T alert)
        where T : unmanaged
    {
        IntStatus status = _hypervisor.NotifyAlert(type, ref alert);
        if (!status.IsSuccess())
            _hypervisor.Log.Write(IgLogLevel.Warning, $"the alert was not taken: {status}");
    }

    /// <summary>Shows the whole store where it is known and lies in one frame, else the piece that the exit carries.</summary>
    private static void FillWrite(ref IntroWriteInfo write, in FrameAccess access)
    {
        ulong start = access.Gpa;
        ReadOnlySpan<byte> data = access.Data;
        int offset = (int)(access.Gla - access.Store.Linear);
        ulong storeStart = (start & PageMask) - (ulong)offset;
        if (!access.StoreData.IsEmpty && storeStart <= PageMask && storeStart + (ulong)access.StoreData.Length <= PageMask + 1)
        {
            start -= (ulong)offset;
            data = access.StoreData;
        }

        int size = data.IsEmpty ? access.Store.Size : data.Length;
        int shown = Math.Min(size, IntroWriteInfo.ValueBytes);
        write.Size = (uint)size;
        fixed (ulong* oldValue = write.OldValue, newValue = write.NewValue)
        {
            if (access.ReadBefore(start, new Span<byte>(oldValue, shown)) < shown || size == 0)
                oldValue[0] = IntroWriteInfo.UnknownValue;
            if (data.IsEmpty)
                newValue[0] = IntroWriteInfo.UnknownValue;
            else
                data[..shown].CopyTo(new Span<byte>(newValue, shown));
        }
    }

    private void Log(in FrameAccess access, in WriteAlert about, in EventEptViolation alert)
    {
        ref readonly IntroCpuCtx cpu = ref alert.Header.CpuContext;
        int shown = (int)Math.Min(alert.WriteInfo.Size, 16);
        ReadOnlySpan<byte> instruction = MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.AsRef(in cpu.Instruction[0]), IntroCpuCtx.InstructionLength);
        ReadOnlySpan<byte> oldValue = MemoryMarshal.AsBytes(
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.AsRef(in alert.WriteInfo.OldValue[0]), 8))[..shown];
        ReadOnlySpan<byte> newValue = MemoryMarshal.AsBytes(
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.AsRef(in alert.WriteInfo.NewValue[0]), 8))[..shown];
        ReadOnlySpan<byte> outcome = about.Action != IntroAction.NotAllowed ? "let through"u8
            : access.Before.IsEmpty ? "blocked"u8
            : "had landed, to be taken back"u8;
        _hypervisor.Log.Write(
            IgLogLevel.Error,
            $"{about.Name} written at {access.Gpa:x} by vcpu {(int)cpu.Cpu} rip {cpu.Rip:x} cr3 {cpu.Cr3:x} [{instruction}] gla {access.Gla:x} old {oldValue:hex} new {newValue:hex}: {outcome}");
    }

    private void AnnounceDrops()
    {
        long dropped = _limiter.Dropped;
        long announced = Interlocked.Exchange(ref _announcedDrops, dropped);
        if (dropped > announced)
            _hypervisor.Log.Write(IgLogLevel.Warning, $"{dropped - announced} alerts were dropped, the guest causes too many");
    }
}
