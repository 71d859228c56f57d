using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Memory;
using Engine.Policy;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>
/// Guards the interrupt descriptor table that IDTR names on each vCPU when protection starts, whatever the guest's system: a
/// write hook on its guest-physical bytes, so that every alias of them counts. A store that changes a gate is not allowed; one
/// that writes the bytes that are there is. A vCPU that is let load another table has that one guarded instead. Where stores cannot be
/// trapped, the tables that there are when protection starts are compared on the timer.
/// </summary>
/// <remarks>Thread safety: as <see cref="IProtection"/>; OnAccess and Follow by any number. Tables are kept until no exit can ask about them
/// any more, and never change place meanwhile, since hooks name them by number. The lock guards the list alone and is not held across
/// a call into the glue.</remarks>
internal sealed unsafe partial class IdtProtection : IFrameHookHandler, IProtection
{
    private const string Name = "IDT";
    private const ulong PageSize = 4096;
    private const ulong Cr0Pe = 1;
    private const ulong EferLma = 1 << 10;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly FrameHooks _hooks;
    private readonly VerdictPolicy _policy;
    private readonly AlertRaiser _alerts;
    private readonly IntegrityRegions _integrity;
    private readonly ushort _handler;
    private readonly Lock _lock = new();
    private readonly int[] _ofVcpu;
    private IdtTable[] _tables = [];
    private int _first;
    private ProtectionReport? _report;

    public IdtProtection(
        Hypervisor hypervisor, GuestMemory memory, FrameHooks hooks, VerdictPolicy policy, AlertRaiser alerts,
        IntegrityRegions integrity, int vcpuCount)
    {
        _integrity = integrity;
        _hypervisor = hypervisor;
        _memory = memory;
        _hooks = hooks;
        _policy = policy;
        _alerts = alerts;
        _handler = hooks.AddHandler(this);
        _ofVcpu = new int[vcpuCount];
    }

    /// <summary>Finds and hooks the table of each vCPU. A vCPU whose table cannot be guarded is named in the log, with the reason.
    /// </summary>
    public void Start(OptionSet options, in ProtectionStart start)
    {
        if (_report is not null || !options.Has(GuestOptions.ProtectIdt))
            return;
        if ((_hypervisor.Capabilities & GlueCapabilities.FrameRights) == GlueCapabilities.None)
        {
            StartWatching(in start);
            return;
        }

        Begin();
        for (uint i = 0; i < (uint)start.Vcpus.Count; i++)
            StartVcpu(start.Vcpus[i], in start.Now[i]);

        IntStatus status = _hooks.Commit();
        if (!status.IsSuccess())
        {
            RemoveHooks();
            _report = new ProtectionReport(Name, ProtectionState.NotPossible, $"the glue refused: {status}");
            return;
        }

        int found = _tables.Length - _first;
        _report = found == 0 ? new ProtectionReport(Name, ProtectionState.NotPossible, "no table was found")
            : new ProtectionReport(Name, ProtectionState.Prevented, $"tables: {found}");
    }

    /// <inheritdoc/>
    public void Stop(OptionSet kept)
    {
        if (_report is null || kept.Has(GuestOptions.ProtectIdt))
            return;
        StopWatching();
        RemoveHooks();
        _report = null;
    }

    /// <inheritdoc/>
    public void Forget()
    {
        if (_report is null)
            Volatile.Write(ref _tables, []);
    }

    /// <inheritdoc/>
    public void Report(OptionSet options, List<ProtectionReport> reports)
    {
        if (_report is not null)
            reports.Add(_report);
    }

    private void RemoveHooks()
    {
        End();
        IntStatus status = _hooks.Commit();
        if (!status.IsSuccess())
            _hypervisor.Log.Write(IgLogLevel.Error, $"{Name}: rights not given back: {status}");
    }

    /// <inheritdoc/>
    public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        int start = Math.Max((int)(access.Gpa & (PageSize - 1)), hook.Start);
        int end = Math.Min((int)(access.Gpa & (PageSize - 1)) + access.Size, hook.End);
        if (!_policy.InForce.Has(GuestOptions.ProtectIdt) || WritesWhatIsThere(in access, start, end))
            return IntroAction.Allowed;

        IdtTable table = Volatile.Read(ref _tables)[(int)(hook.Cookie >> 32)];
        int page = (int)(hook.Cookie & 0xFFFF_FFFF);
        WriteAlert alert = new()
        {
            Victim = IntroObjectType.Idt,
            Name = "interrupt descriptor table"u8,
            Verdict = IntroAction.NotAllowed,
            Action = _policy.KernelAction(IntroAction.NotAllowed),
            Reason = IntroActionReason.NoException,
            Mitre = MitreId.Rootkit,
            ObjectLinear = table.Linear,
            ObjectPhysical = table.Pages[0],
            IdtEntry = table.GateAt(page, start),
        };
        access.Reported = true;
        _alerts.RaiseWrite(ref access, in alert);
        return alert.Action;
    }

    private static ulong Cookie(int table, int page) => ((ulong)table << 32) | (uint)page;

    /// <summary>Compares the guarded bytes of the store, [start, end) in the frame, with memory. Unknown bytes differ.</summary>
    private static bool WritesWhatIsThere(in FrameAccess access, int start, int end)
    {
        if (access.Data.IsEmpty)
            return false;

        Span<byte> current = stackalloc byte[Limits.MaxStoreBytes];
        current = current[..(end - start)];
        ulong gpa = (access.Gpa & ~(PageSize - 1)) + (ulong)start;
        return access.ReadBefore(gpa, current) == current.Length &&
            access.Data.Slice(start - (int)(access.Gpa & (PageSize - 1)), current.Length).SequenceEqual(current);
    }

    private void StartVcpu(VcpuState* vcpu, in VcpuSnapshot now)
    {
        if (FindTable(vcpu, in now) is not { } table)
            return;

        IntStatus status = Take(vcpu->Index, table, out bool isNew);
        if (!status.IsSuccess())
        {
            _hypervisor.Log.Write(
                IgLogLevel.Error, $"vcpu {vcpu->Index}: IDT at {table.Linear:x} not guarded, no hook: {status}");
        }
        else if (isNew)
        {
            _hypervisor.Log.Write(
                IgLogLevel.Info,
                $"vcpu {vcpu->Index}: guarding the IDT at {table.Linear:x}, {table.Length} bytes, guest-physical {table.Pages[0]:x}");
        }
    }

    /// <summary>Finds the table of a vCPU; null, with a line in the log: it has none that can be guarded.</summary>
    private IdtTable? FindTable(VcpuState* vcpu, in VcpuSnapshot now)
    {
        IgArchRegs regs = now.Regs;
        if (!now.Has(VcpuRegisters.FromGprsQuery | VcpuRegisters.Tables | VcpuRegisters.Efer))
        {
            _hypervisor.Log.Write(IgLogLevel.Warning, $"vcpu {vcpu->Index}: IDT not guarded, no registers: {now.Status}");
            return null;
        }

        if ((regs.Cr0 & Cr0Pe) == 0)
        {
            _hypervisor.Log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index}: not started yet, or in real mode: no IDT to guard");
            return null;
        }

        vcpu->IdtBase = regs.IdtBase;
        vcpu->IdtLimit = (ushort)regs.IdtLimit;
        vcpu->GdtBase = regs.GdtBase;
        int length = (int)Math.Min((ulong)vcpu->IdtLimit + 1, Limits.MaxIdtBytes);
        PagingContext paging = now.Paging();
        IntStatus status = Locate(in paging, regs.IdtBase, length, out ulong[] pages);
        if (!status.IsSuccess())
        {
            _hypervisor.Log.Write(
                IgLogLevel.Warning, $"vcpu {vcpu->Index}: IDT at {regs.IdtBase:x} not guarded, not mapped: {status}");
            return null;
        }

        return new IdtTable(regs.IdtBase, length, GateSizeOf(now.Ia32Efer), pages);
    }

    private static int GateSizeOf(ulong efer) => (efer & EferLma) != 0 ? 16 : 8;

    private IntStatus Locate(in PagingContext paging, ulong linear, int length, out ulong[] pages)
    {
        ulong firstPage = linear & ~(PageSize - 1);
        pages = new ulong[(int)(((linear + (ulong)length - 1 - firstPage) / PageSize) + 1)];
        for (int i = 0; i < pages.Length; i++)
        {
            ulong start = i == 0 ? linear : firstPage + ((ulong)i * PageSize);
            IntStatus status = PageWalk.Translate(_memory, in paging, start, out pages[i]);
            if (!status.IsSuccess())
                return status;
        }

        return IntStatus.Success;
    }

    private void RemoveHooks(int index)
    {
        ulong[] pages = _tables[index].Pages;
        for (int page = 0; page < pages.Length; page++)
            _hooks.Remove(pages[page], _handler, Cookie(index, page));
    }

    private IntStatus SetHooks(int index)
    {
        IdtTable table = _tables[index];
        int left = table.Length;
        for (int page = 0; page < table.Pages.Length; page++)
        {
            ulong gpa = table.Pages[page];
            int inPage = (int)Math.Min((ulong)left, PageSize - (gpa & (PageSize - 1)));
            IntStatus status = _hooks.Set(
                gpa, inPage, EptAccess.Write, _handler, Cookie(index, page), FrameHookFlags.BytesOnly);
            if (!status.IsSuccess())
                return status;
            left -= inPage;
        }

        return IntStatus.Success;
    }
}
