using System;
using System.Threading;
using Engine.Abi;
using Engine.Vcpus;

namespace Engine.Injection;

/// <summary>
/// The denied executions of a guest whose #UD is pending (spec/15, section 11), by which a second denial of the same one is known, and
/// not reported again.
/// </summary>
/// <remarks>Bounded by <see cref="Limits.MaxPendingUds"/>: the oldest entry makes room. Thread safety: any thread; one lock, held for a
/// look through the table.</remarks>
internal sealed unsafe class PendingUds
{
    private readonly Lock _lock = new();
    private readonly PendingUd[] _entries = new PendingUd[Limits.MaxPendingUds];
    private readonly VcpuTable _vcpus;
    private ulong _lastId;

    public PendingUds(VcpuTable vcpus) => _vcpus = vcpus;

    /// <summary>Adds an entry. <see cref="IntStatus.AlreadyInitializedHint"/>: it was there, and has the same id;
    /// <see cref="IntStatus.InvalidParameter1"/> to 3: that argument is 0.</summary>
    public IntStatus Add(ulong cr3, ulong rip, ulong thread, out ulong id)
    {
        id = 0;
        if (cr3 == 0)
            return IntStatus.InvalidParameter1;
        if (rip == 0)
            return IntStatus.InvalidParameter2;
        if (thread == 0)
            return IntStatus.InvalidParameter3;

        lock (_lock)
        {
            id = Find(cr3, rip, thread);
            if (id != 0)
                return IntStatus.AlreadyInitializedHint;

            // A free entry has the id 0, so that it is older than any.
            int oldest = 0;
            for (int i = 1; i < _entries.Length; i++)
            {
                if (_entries[i].Id < _entries[oldest].Id)
                    oldest = i;
            }

            id = ++_lastId;
            _entries[oldest] = new PendingUd { Id = id, Cr3 = cr3, Rip = rip, Thread = thread };
            return IntStatus.Success;
        }
    }

    /// <summary>Whether this execution was denied already and its #UD is pending.</summary>
    public bool Contains(ulong cr3, ulong rip, ulong thread)
    {
        lock (_lock)
            return Find(cr3, rip, thread) != 0;
    }

    /// <summary>Removes an entry. False: there is none of that id.</summary>
    public bool Remove(ulong id)
    {
        lock (_lock)
        {
            foreach (ref PendingUd entry in _entries.AsSpan())
            {
                if (id != 0 && entry.Id == id)
                {
                    entry = default;
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Removes every entry of an address space, which is about to go, and takes it from the vCPUs that name one. Returns how
    /// many there were.</summary>
    public int RemoveAllFor(ulong cr3)
    {
        int removed = 0;
        lock (_lock)
        {
            foreach (ref PendingUd entry in _entries.AsSpan())
            {
                if (entry.Id == 0 || entry.Cr3 != cr3)
                    continue;

                // The record may be in use by its own vCPU: it is changed only if it still names this entry.
                for (uint vcpu = 0; vcpu < (uint)_vcpus.Count; vcpu++)
                    Interlocked.CompareExchange(ref _vcpus[vcpu]->CurrentUD, 0, entry.Id);
                entry = default;
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Removes everything: another kernel runs now.</summary>
    public void Clear()
    {
        lock (_lock)
            _entries.AsSpan().Clear();
    }

    private ulong Find(ulong cr3, ulong rip, ulong thread)
    {
        foreach (ref readonly PendingUd entry in _entries.AsSpan())
        {
            if (entry.Id != 0 && entry.Cr3 == cr3 && entry.Rip == rip && entry.Thread == thread)
                return entry.Id;
        }

        return 0;
    }
}
