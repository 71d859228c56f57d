using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Alerts;
using Engine.Memory;

namespace Engine.Protection;

/// <content>Where stores cannot be trapped: the tables are compared on the timer.</content>
internal sealed unsafe partial class IdtProtection : IIntegrityHandler
{
    private readonly List<ulong> _watched = [];

    private void StartWatching(in ProtectionStart start)
    {
        _first = _tables.Length;
        for (uint i = 0; i < (uint)start.Vcpus.Count; i++)
        {
            if (FindTable(start.Vcpus[i], in start.Now[i]) is { } table && !Array.Exists(_tables[_first..], known => known.Covers(table)))
                WatchTable(table);
        }

        _report = _watched.Count == 0
            ? new ProtectionReport(Name, ProtectionState.NotPossible, "the glue cannot withdraw rights of memory, and no table was found")
            : new ProtectionReport(Name, ProtectionState.Watched, "the glue cannot withdraw rights of memory");
    }

    private void StopWatching()
    {
        foreach (ulong id in _watched)
            _integrity.Remove(id);
        _watched.Clear();
    }

    /// <summary>Compares a table by its frames, so that every alias of them counts, and the address space may go.</summary>
    private void WatchTable(IdtTable table)
    {
        PagingContext physical = new(Cr0Pe, 0, 0, 0);
        int index = _tables.Length;
        Volatile.Write(ref _tables, [.. _tables, table]);
        int left = table.Length;
        for (int page = 0; page < table.Pages.Length; page++)
        {
            ulong gpa = table.Pages[page];
            int inPage = (int)Math.Min((ulong)left, PageSize - (gpa & (PageSize - 1)));
            IntStatus status = _integrity.Add(in physical, gpa, inPage, this, Cookie(index, page), out ulong id);
            if (status.IsSuccess())
                _watched.Add(id);
            else
                _hypervisor.Log.Write(IgLogLevel.Error, $"{Name} at {table.Linear:x} is not compared: {status}");
            left -= inPage;
        }
    }

    /// <inheritdoc/>
    public IntegrityAnswer OnChange(in IntegrityChange change)
    {
        if (!_policy.InForce.Has(GuestOptions.ProtectIdt))
            return IntegrityAnswer.Leave;

        IdtTable table = Volatile.Read(ref _tables)[(int)(change.Cookie >> 32)];
        int page = (int)(change.Cookie & 0xFFFF_FFFF);
        ulong gpa = change.Linear + (ulong)change.Offset;
        ulong before = page == 0 ? 0 : (((ulong)page * PageSize) - (table.Linear & (PageSize - 1)));
        IntegrityAlert alert = new()
        {
            Victim = IntroObjectType.Idt,
            Name = "interrupt descriptor table"u8,
            Verdict = IntroAction.NotAllowed,
            Action = _policy.KernelAction(IntroAction.NotAllowed),
            Mitre = MitreId.Rootkit,
            Base = table.Linear,
            Size = table.Length,
            Address = table.Linear + before + (ulong)change.Offset,
            Old = change.Old,
            New = change.New,
            IdtEntry = table.GateAt(page, (int)(gpa & (PageSize - 1))),
        };
        _alerts.RaiseIntegrity(in alert);
        return alert.Action == IntroAction.NotAllowed ? IntegrityAnswer.Restore : IntegrityAnswer.Accept;
    }
}
