using System;
using System.Threading;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Protection;

/// <content>Which table is guarded for which vCPU.</content>
internal sealed unsafe partial class IdtProtection
{
    private const int NoTable = -1;

    /// <summary>For what a guest can cause of log lines.</summary>
    private readonly RateLimiter _lines = new(Limits.AlertBurst, Limits.AlertsPerSecond);

    private bool _isGuarding;

    private void Begin()
    {
        lock (_lock)
        {
            _first = _tables.Length;
            _ofVcpu.AsSpan().Fill(NoTable);
            Volatile.Write(ref _isGuarding, true);
        }
    }

    /// <summary>Removes all hooks; an exit that is about to follow a table sets none any more.</summary>
    private void End()
    {
        lock (_lock)
        {
            Volatile.Write(ref _isGuarding, false);
            for (int table = _first; table < _tables.Length; table++)
                RemoveHooks(table);
        }
    }

    /// <summary>
    /// Guards the table in the record's IdtBase and IdtLimit, which the vCPU is about to load, instead of the one before; the latter is
    /// let go once no vCPU has it. In the exit of the load: what is hooked here is in force when it returns. Registers of
    /// VcpuRegisters.Sufficient are valid. If the table cannot be guarded, the one before stays guarded, and the log says so.
    /// </summary>
    public void Follow(VcpuState* vcpu)
    {
        if (!Volatile.Read(ref _isGuarding) || !_policy.InForce.Has(GuestOptions.ProtectIdt))
            return;

        int length = (int)Math.Min((ulong)vcpu->IdtLimit + 1, Limits.MaxIdtBytes);
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        IntStatus status = Locate(in paging, vcpu->IdtBase, length, out ulong[] pages);
        if (status.IsSuccess())
            status = Take(vcpu->Index, new IdtTable(vcpu->IdtBase, length, GateSizeOf(vcpu->Ia32Efer), pages), out _);
        if (!_lines.TryTake())
            return;
        if (status.IsSuccess())
            _hypervisor.Log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index}: guarding its new IDT at {vcpu->IdtBase:x}, {length} bytes");
        else
            _hypervisor.Log.Write(IgLogLevel.Error, $"vcpu {vcpu->Index}: its new IDT at {vcpu->IdtBase:x} is not guarded: {status}");
    }

    /// <summary>Guards a table for a vCPU instead of the one that it had.</summary>
    /// <param name="vcpu">Number of the vCPU.</param>
    /// <param name="wanted">The table.</param>
    /// <param name="isNew">Whether it was not guarded yet.</param>
    private IntStatus Take(uint vcpu, IdtTable wanted, out bool isNew)
    {
        lock (_lock)
        {
            isNew = false;
            if (!_isGuarding)
                return IntStatus.NotInitialized;
            int index = Array.FindIndex(_tables, _first, known => known.Users != 0 && known.Covers(wanted));
            isNew = index < 0;
            if (isNew)
            {
                IntStatus status = Add(wanted, out index);
                if (!status.IsSuccess())
                    return status;
            }

            _tables[index].Users++;
            Leave(_ofVcpu[vcpu]);
            _ofVcpu[vcpu] = index;
            return IntStatus.Success;
        }
    }

    /// <summary>Hooks a table that is guarded for nobody.</summary>
    private IntStatus Add(IdtTable wanted, out int index)
    {
        // One that was guarded before takes its place again, so that a guest which goes to and fro does not fill the list.
        index = Array.FindIndex(_tables, _first, known => known.Users == 0 && known.Length == wanted.Length && known.Covers(wanted));
        if (index < 0)
        {
            if (_tables.Length - _first >= Limits.MaxIdtTables)
                return IntStatus.InsufficientResources;
            index = _tables.Length;
            Volatile.Write(ref _tables, [.. _tables, wanted]);
        }

        IntStatus set = SetHooks(index);
        if (!set.IsSuccess())
        {
            RemoveHooks(index);
            return set;
        }

        // A longer limit of the same table takes the shorter one's place, so that one store is asked about once.
        for (int other = _first; other < _tables.Length; other++)
        {
            if (other != index && _tables[other].Users != 0 && wanted.Covers(_tables[other]))
                Replace(other, index);
        }

        return IntStatus.Success;
    }

    private void Replace(int shorter, int longer)
    {
        foreach (ref int table in _ofVcpu.AsSpan())
        {
            if (table == shorter)
                table = longer;
        }

        _tables[longer].Users += _tables[shorter].Users;
        _tables[shorter].Users = 0;
        RemoveHooks(shorter);
    }

    private void Leave(int index)
    {
        if (index != NoTable && --_tables[index].Users == 0)
            RemoveHooks(index);
    }
}
