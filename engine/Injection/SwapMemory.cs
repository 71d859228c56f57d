using System;
using System.Collections.Generic;
using System.Threading;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Injection;

/// <summary>
/// Reads memory that the guest has paged out, or not brought in yet (spec/14, section 10): a read waits until each of its pages has
/// been there once, and where it may, page faults are injected that make the guest bring them.
/// </summary>
/// <remarks>
/// <para>Reads wait in one queue a guest, in the order in which they came; an exit looks at those of its own address space, and of the
/// kernel. Page faults are outstanding on as many vCPUs as there are, one on each, and for one page at a time on one of them.</para>
/// <para>A page is looked at: at each exit of its address space, before a fault is injected for it, when its translation is told to have
/// changed (<see cref="ITranslationWatch"/>), and on the timer. Each of these looks at a bounded number of pages. The bytes are copied
/// when the page is seen; a read whose pages come one after the other needs none of them to stay.</para>
/// <para>Thread safety: any thread. One lock guards the queue; it is not held while guest memory is read, the glue is called or a
/// handler is. A thread that works on a read claims it first.</para>
/// </remarks>
internal sealed unsafe partial class SwapMemory : IInjectionListener
{
    private const int CookiePageBits = 8;
    private const ulong CookiePageMask = (1 << CookiePageBits) - 1;

    private readonly GuestMemory _memory;
    private readonly RegisterAccess _registers;
    private readonly ExceptionInjector _injector;
    private readonly Action<bool> _setWork;
    private readonly Action _needTimer;
    private readonly Lock _lock = new();
    private readonly List<SwapTransaction> _queue = new(8);
    private readonly Stack<SwapTransaction> _unused = new(8);
    private ulong _lastId;
    private int _bytes;
    private int _count;
    private ulong _exitCursor;
    private ulong _tickCursor;
    private bool _isClosed;

    /// <param name="memory">The guest's memory.</param>
    /// <param name="registers">Its registers.</param>
    /// <param name="injector">What injects page faults.</param>
    /// <param name="setWork">Told, under a lock, whether any read waits: <see cref="PreReturn"/> has work then. It must do no more than
    /// to remember it.</param>
    /// <param name="needTimer">Called when a read begins to wait: <see cref="Tick"/> has to be called once a second from then on.</param>
    public SwapMemory(
        GuestMemory memory, RegisterAccess registers, ExceptionInjector injector, Action<bool> setWork, Action needTimer)
    {
        _setWork = setWork;
        _memory = memory;
        _registers = registers;
        _injector = injector;
        _needTimer = needTimer;
        injector.Listener = this;
    }

    /// <summary>Tells of changed translations; null: pages are looked at.</summary>
    public ITranslationWatch? Watch { get; set; }

    /// <summary>What the guest's model knows of address spaces; null: each CR3 is one.</summary>
    public IAddressSpaces? AddressSpaces { get; set; }

    /// <summary>Number of reads that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Reads memory. If all of it is there, the handler has got it when this returns, and the handle is 0; otherwise the read waits.
    /// <see cref="IntStatus.InvalidParameter2"/>: the range ends behind the last address;
    /// <see cref="IntStatus.InvalidParameter3"/>: no length, or more than <see cref="Limits.MaxSwapLength"/>;
    /// <see cref="IntStatus.OperationNotImplemented"/>: by an agent; <see cref="IntStatus.InsufficientResources"/>: too many reads wait, or
    /// too many bytes; <see cref="IntStatus.NotReady"/>: the guest is being let go. After an error the handler is not called.
    /// </summary>
    /// <param name="request">What to read. With NoDuplicates, success and handle 0 if the same read waits already; the handler is not
    /// called for this one then.</param>
    /// <param name="handle">For <see cref="Cancel"/>; 0: nothing waits.</param>
    public IntStatus Read(in SwapInRequest request, out ulong handle)
    {
        handle = 0;
        IntStatus status = Check(in request);
        if (!status.IsSuccess())
            return status;

        SwapTransaction? read;
        lock (_lock)
        {
            if (_isClosed)
                return IntStatus.NotReady;
            if ((request.Options & SwapInOptions.NoDuplicates) != SwapInOptions.None && IsWaiting(in request))
                return IntStatus.Success;
            if (_queue.Count >= Limits.MaxSwapTransactions || _bytes + request.Length > Limits.MaxSwapBytes)
                return IntStatus.InsufficientResources;

            // In the queue at once, so that the same read, and the end of the guest, find it; nobody works on it but this thread.
            read = _unused.TryPop(out SwapTransaction? used) ? used : new SwapTransaction();
            read.Begin(in request);
            read.Id = ++_lastId;
            read.IsClaimed = true;
            _bytes += request.Length;
            _queue.Add(read);
            CountReads();
        }

        ulong id = read.Id;
        int budget = int.MaxValue;
        PagingContext paging = request.Paging;
        LookAt(read, in paging, vcpu: null, ref budget);
        bool waits = read.DoneCount < read.PageCount && !read.IsCancelled;
        if (waits)
        {
            BeginWatching(read, in paging);
            handle = id;
        }

        Unclaim(read, isAsync: false);
        if (waits)
            _needTimer();
        return IntStatus.Success;
    }

    /// <summary>Cancels a read that waits: OnCancelled is called, here or by the thread that is at it. False: none of that handle waits
    /// any more.</summary>
    public bool Cancel(ulong handle)
    {
        SwapTransaction? read;
        lock (_lock)
        {
            read = Find(handle);
            if (read is null)
                return false;
            read.IsCancelled = true;
            if (read.IsClaimed)
                return true;
            read.IsClaimed = true;
        }

        Unclaim(read, isAsync: true);
        return true;
    }

    /// <summary>Cancels all reads of an address space that is about to go. Returns how many there were.</summary>
    /// <param name="paging">A context of it.</param>
    public int CancelFor(in PagingContext paging) => CancelMany(paging.Root, all: false);

    /// <summary>Cancels all reads, and takes no more of them: the guest is let go, or shut down.</summary>
    public void Close()
    {
        lock (_lock)
            _isClosed = true;
        CancelMany(0, all: true);
    }

    /// <summary>Takes reads again.</summary>
    public void Open()
    {
        lock (_lock)
            _isClosed = false;
    }

    /// <summary>The vCPUs come back from sleep, or from a reset: no page fault that was asked for will come any more.</summary>
    public void ForgetFaults()
    {
        lock (_lock)
        {
            foreach (SwapTransaction read in _queue)
            {
                for (int page = 0; page < read.PageCount; page++)
                    ForgetFault(ref read.Pages[page]);
            }
        }
    }

    private void CountReads()
    {
        Volatile.Write(ref _count, _queue.Count);
        _setWork(_queue.Count != 0);
    }

    private static IntStatus Check(in SwapInRequest request)
    {
        if (request.Length is <= 0 or > Limits.MaxSwapLength)
            return IntStatus.InvalidParameter3;
        ulong last = request.Paging.Mode >= PagingMode.Level4 ? ulong.MaxValue : uint.MaxValue;
        if (request.Linear > last - (ulong)(request.Length - 1))
            return IntStatus.InvalidParameter2;
        return (request.Options & SwapInOptions.BreakpointFault) != SwapInOptions.None
            ? IntStatus.OperationNotImplemented : IntStatus.Success;
    }

    private int CancelMany(ulong root, bool all)
    {
        int cancelled = 0;
        ulong last = 0;
        while (true)
        {
            // Those that came before this call, each once: what OnCancelled asks for anew stays, unless it is the end.
            SwapTransaction? read;
            lock (_lock)
            {
                read = FindAfter(last, root, all);
                if (read is null)
                    return cancelled;
                last = read.Id;
                cancelled += read.IsCancelled ? 0 : 1;
                read.IsCancelled = true;
                if (read.IsClaimed)
                    continue;
                read.IsClaimed = true;
            }

            Unclaim(read, isAsync: true);
        }
    }

    private static void ForgetFault(ref SwapPage page)
    {
        Interlocked.CompareExchange(ref page.State, (int)SwapPageState.Missing, (int)SwapPageState.Injected);
        Interlocked.CompareExchange(ref page.State, (int)SwapPageState.Missing, (int)SwapPageState.Delivered);
    }

    private SwapTransaction? Find(ulong id)
    {
        foreach (SwapTransaction read in _queue)
        {
            if (read.Id == id)
                return read;
        }

        return null;
    }

    private SwapTransaction? FindAfter(ulong last, ulong root, bool all)
    {
        foreach (SwapTransaction read in _queue)
        {
            if (read.Id > last && (all || (read.Root == root && !read.Request.IsKernel)))
                return read;
        }

        return null;
    }

    private bool IsWaiting(in SwapInRequest request)
    {
        foreach (SwapTransaction read in _queue)
        {
            if (!read.IsCancelled && read.IsSame(in request))
                return true;
        }

        return false;
    }

    /// <summary>Lets go of a read; if it is complete, or cancelled, it ends here.</summary>
    private void Unclaim(SwapTransaction read, bool isAsync)
    {
        lock (_lock)
        {
            if (!read.IsCancelled && read.DoneCount < read.PageCount)
            {
                read.IsClaimed = false;
                return;
            }

            // Out of the queue, so that nobody else finds it.
            _queue.Remove(read);
            _bytes -= read.Request.Length;
            CountReads();
        }

        EndWatching(read);
        try
        {
            ISwapInHandler handler = read.Request.Handler;
            ulong cookie = read.Request.Cookie;
            if (read.IsCancelled)
            {
                handler.OnCancelled(cookie);
                return;
            }

            handler.OnData(cookie, new SwapInData
            {
                Cr3 = read.Request.Paging.Cr3, Linear = read.Request.Linear, Physical = read.Physical, Bytes = read.Bytes,
                IsAsync = isAsync,
            });
        }
        finally
        {
            read.End();
            lock (_lock)
                _unused.Push(read);
        }
    }
}
