using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Events;
using Engine.Hosting;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Protection;

/// <summary>
/// Ranges of guest memory that are compared once a second with what they were when they were added, for objects whose stores cannot be
/// trapped, or come too often to be (spec/15, section 12).
/// </summary>
/// <remarks>
/// <para>Compared are the bytes themselves, which a copy is kept of: no sum, which a guest could hit on purpose. What is changed and changed
/// back between two looks is not seen. A page that is not there counts as unchanged. Each tick looks at
/// Limits.IntegrityBytesPerTick, and goes on where the one before has stopped.</para>
/// <para>Thread safety: any thread; ticks run one at a time. The lock guards the list alone: it is held neither while guest memory is read
/// nor while a handler is called, so that a handler may still be in a call for a region that another thread has just removed. Not an
/// exit path: it may allocate.</para>
/// </remarks>
internal sealed class IntegrityRegions : ITimerJob
{
    private const ulong PageMask = 0xFFF;
    private const int UpperHalf64 = 63;
    private const int UpperHalf32 = 31;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly Action<IntegrityRegions> _needTimer;
    private readonly Lock _lock = new();
    private readonly SortedList<ulong, IntegrityRegion> _regions = [];
    private byte[] _now = [];
    private ulong _lastId;
    private ulong _cursor;
    private int _bytes;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="needTimer">Called when there is a region: this is to be run by the timer.</param>
    public IntegrityRegions(Hypervisor hypervisor, GuestMemory memory, Action<IntegrityRegions> needTimer)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _needTimer = needTimer;
    }

    /// <inheritdoc/>
    public int Period => 1;

    /// <inheritdoc/>
    public string Name => "integrity";

    /// <summary>Number of regions.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _regions.Count;
        }
    }

    /// <summary>
    /// Puts a range under comparison, from what it is now (IntIntegrityAddRegion). <see cref="IntStatus.InvalidParameter1"/>: not an
    /// address of the kernel's half; <see cref="IntStatus.InvalidParameter2"/>: no bytes, or more than Limits.MaxIntegrityLength;
    /// <see cref="IntStatus.InsufficientResources"/>: a limit is reached; the page walk's status, if not all of it is there.
    /// </summary>
    /// <param name="paging">The address space, which has to live as long as the region; with paging off, addresses are physical.</param>
    /// <param name="linear">Address of the first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="handler">Who is asked about changes.</param>
    /// <param name="cookie">For the handler.</param>
    /// <param name="id">Number of the region, never 0.</param>
    public IntStatus Add(
        in PagingContext paging, ulong linear, int length, IIntegrityHandler handler, ulong cookie, out ulong id)
    {
        id = 0;
        if (!IsKernel(in paging, linear, length))
            return IntStatus.InvalidParameter1;
        if (length is <= 0 or > Limits.MaxIntegrityLength)
            return IntStatus.InvalidParameter2;

        byte[] bytes = new byte[length];
        if (LinearMemory.Read(_memory, in paging, linear, bytes, out IntStatus status) < length)
            return status;

        lock (_lock)
        {
            if (_regions.Count == Limits.MaxIntegrityRegions || _bytes + length > Limits.MaxIntegrityBytes)
                return IntStatus.InsufficientResources;
            _bytes += length;
            id = ++_lastId;
            _regions.Add(id, new IntegrityRegion(id, in paging, linear, bytes, handler, cookie));
        }

        _needTimer(this);
        return IntStatus.Success;
    }

    /// <summary>Ends the comparison of a region. False: there is none of this number.</summary>
    public bool Remove(ulong id)
    {
        lock (_lock)
        {
            if (!_regions.Remove(id, out IntegrityRegion? region))
                return false;
            _bytes -= region.Bytes.Length;
            return true;
        }
    }

    /// <summary>Ends all comparisons.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _regions.Clear();
            _bytes = 0;
        }
    }

    /// <summary>Compares as many regions as a tick may, from the one on after the last (IntIntegrityCheckAll).</summary>
    public void Run()
    {
        int budget = Limits.IntegrityBytesPerTick;
        ulong first = 0;
        while (budget > 0 && Next() is { } region && region.Id != first)
        {
            if (first == 0)
                first = region.Id;
            _cursor = region.Id;
            budget -= Math.Max(region.Bytes.Length, Limits.IntegrityBytesPerRegion);
            Compare(region);
        }
    }

    /// <summary>The region after the cursor, in a circle.</summary>
    private IntegrityRegion? Next()
    {
        lock (_lock)
        {
            IList<ulong> ids = _regions.Keys;
            int low = 0;
            int high = ids.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (ids[middle] <= _cursor)
                    low = middle + 1;
                else
                    high = middle;
            }

            return ids.Count == 0 ? null : _regions.Values[low == ids.Count ? 0 : low];
        }
    }

    private void Compare(IntegrityRegion region)
    {
        byte[] bytes = region.Bytes;
        if (_now.Length < bytes.Length)
            _now = new byte[bytes.Length];
        Span<byte> now = _now.AsSpan(0, bytes.Length);
        ReadPages(region, now);
        int start = now.CommonPrefixLength(bytes);
        if (start == bytes.Length)
            return;

        int end = bytes.Length;
        while (now[end - 1] == bytes[end - 1])
            end--;
        IntegrityChange change = new()
        {
            Id = region.Id, Cookie = region.Cookie, Linear = region.Linear, Length = bytes.Length, Offset = start,
            Old = bytes.AsSpan(start, end - start), New = now[start..end], Count = ++region.Count,
        };
        switch (region.Handler.OnChange(in change))
        {
            case IntegrityAnswer.Accept:
                now.CopyTo(bytes);
                break;
            case IntegrityAnswer.Restore:
                Restore(region, start, end);
                break;
            default:
                break;
        }
    }

    /// <summary>Reads a region; what is not there is as it was.</summary>
    private void ReadPages(IntegrityRegion region, Span<byte> now)
    {
        PagingContext paging = region.Paging;
        for (int done = 0; done < now.Length;)
        {
            ulong linear = region.Linear + (ulong)done;
            int inPage = (int)Math.Min((ulong)(now.Length - done), PageMask + 1 - (linear & PageMask));
            int read = LinearMemory.Read(_memory, in paging, linear, now.Slice(done, inPage), out _);
            region.Bytes.AsSpan(done + read, inPage - read).CopyTo(now[(done + read)..]);
            done += inPage;
        }
    }

    /// <summary>Writes bytes of a region back. Without a pause, where the glue has none, a vCPU may see half of it.</summary>
    private void Restore(IntegrityRegion region, int start, int end)
    {
        PagingContext paging = region.Paging;
        using PauseScope pause = PauseScope.Take(_hypervisor);
        for (int done = start; done < end;)
        {
            ulong linear = region.Linear + (ulong)done;
            int inPage = (int)Math.Min((ulong)(end - done), PageMask + 1 - (linear & PageMask));
            if (PageWalk.Translate(_memory, in paging, linear, out ulong physical).IsSuccess())
                _memory.Write(physical, region.Bytes.AsSpan(done, inPage));
            done += inPage;
        }
    }

    private static bool IsKernel(in PagingContext paging, ulong linear, int length)
    {
        int bit = paging.Mode switch
        {
            PagingMode.None => -1,
            PagingMode.Level4 or PagingMode.Level5 => UpperHalf64,
            _ => UpperHalf32,
        };
        ulong last = linear + (ulong)Math.Max(length - 1, 0);
        return last >= linear && (bit < 0 || linear >> bit == 1);
    }
}
