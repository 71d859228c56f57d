using System;
using System.Threading;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Injection;

/// <content>Looking at pages, and injecting page faults for them.</content>
internal sealed unsafe partial class SwapMemory
{
    private const ulong AlignmentCheckFlag = 1 << 18;
    private const ulong InterruptFlag = 1 << 9;
    private const uint UserRing = 3;

    /// <summary>
    /// The end of an exit: looks at pages of the address space that the vCPU is in, and injects at most one page fault. Nothing is
    /// injected while another injection is outstanding on the vCPU.
    /// </summary>
    public void PreReturn(VcpuState* vcpu)
    {
        const VcpuRegisters Needed = VcpuRegisters.Cr0 | VcpuRegisters.Cr3 | VcpuRegisters.Cr4 | VcpuRegisters.Efer | VcpuRegisters.Cpl;
        if (!_registers.Ensure(vcpu, Needed).IsSuccess())
            return;

        // First, so that a page whose fault was lost here may get another one at once.
        _injector.IsFree(vcpu);
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong root = paging.Root;
        if (AddressSpaces is { } spaces)
            root = spaces.KernelCr3Of(root);
        int budget = Limits.SwapPagesPerExit;
        ulong first = Volatile.Read(ref _exitCursor);
        for (SwapCursor cursor = new(first); budget > 0 && TryClaimNext(ref cursor, paging.Mode, root) is { } read;)
        {
            PagingContext of = paging.WithCr3(read.Request.Paging.Cr3);
            LookAt(read, in of, vcpu, ref budget);
            Volatile.Write(ref _exitCursor, read.Id);
            Unclaim(read, isAsync: true);
        }
    }

    /// <summary>Once a second: looks at pages of every read, whatever runs. Pages whose fault has led to nothing get another one.
    /// </summary>
    public void Tick()
    {
        int budget = Limits.SwapPagesPerTick;
        ulong first = Volatile.Read(ref _tickCursor);
        for (SwapCursor cursor = new(first); budget > 0 && TryClaimNext(ref cursor, mode: null, 0) is { } read;)
        {
            PagingContext of = PagingContext.Of(read.Request.Paging.Mode, read.Request.Paging.Cr3);
            LookAt(read, in of, vcpu: null, ref budget);
            Volatile.Write(ref _tickCursor, read.Id);
            Unclaim(read, isAsync: true);
        }
    }

    /// <summary>The translation of a page that <see cref="ITranslationWatch"/> watches has changed. Called with no lock held.</summary>
    public void OnTranslationChanged(ulong cookie)
    {
        SwapTransaction? read;
        lock (_lock)
        {
            read = Find(cookie >> CookiePageBits);

            // Whoever is at it has just looked, or the timer will.
            if (read is null || read.IsClaimed)
                return;
            read.IsClaimed = true;
        }

        PagingContext of = PagingContext.Of(read.Request.Paging.Mode, read.Request.Paging.Cr3);
        int page = (int)(cookie & CookiePageMask);
        if (page < read.PageCount && read.Pages[page].State != (int)SwapPageState.Done)
            LookAtPage(read, page, in of, vcpu: null);
        Unclaim(read, isAsync: true);
    }

    /// <inheritdoc/>
    public void OnInjectionSettled(ulong cookie, bool delivered)
    {
        lock (_lock)
        {
            int page = (int)(cookie & CookiePageMask);
            if (Find(cookie >> CookiePageBits) is not { } read || page >= read.PageCount)
                return;

            SwapPageState next = delivered ? SwapPageState.Delivered : SwapPageState.Missing;
            Volatile.Write(ref read.Pages[page].Time, Environment.TickCount64);
            Interlocked.CompareExchange(ref read.Pages[page].State, (int)next, (int)SwapPageState.Injected);
        }
    }

    /// <summary>
    /// The page fault that was asked for at an address is not coming (IntSwapMemCancelPendingPF): its page may get another one. False:
    /// none is outstanding there.
    /// </summary>
    public bool CancelPendingFault(in PagingContext paging, ulong linear)
    {
        lock (_lock)
        {
            foreach (SwapTransaction read in _queue)
            {
                if (read.Root != paging.Root && !read.Request.IsKernel)
                    continue;
                for (int page = 0; page < read.PageCount; page++)
                {
                    if (((read.LinearOf(page) ^ linear) & ~PageMask) == 0 && Interlocked.CompareExchange(
                        ref read.Pages[page].State, (int)SwapPageState.Missing, (int)SwapPageState.Injected) == (int)SwapPageState.Injected)
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }

    /// <summary>Claims the next read of an address space, or, without a mode, of any. The queue is gone through once, in a circle, so
    /// that reads in front which come to nothing do not keep back those behind.</summary>
    private SwapTransaction? TryClaimNext(ref SwapCursor cursor, PagingMode? mode, ulong root)
    {
        lock (_lock)
        {
            do
            {
                foreach (SwapTransaction read in _queue)
                {
                    if (!cursor.IsAhead(read.Id) || read.IsClaimed ||
                        (mode is not null && (read.Request.Paging.Mode != mode || (read.Root != root && !read.Request.IsKernel))))
                    {
                        continue;
                    }

                    cursor.Last = read.Id;
                    read.IsClaimed = true;
                    return read;
                }
            }
            while (cursor.TryWrap());
            return null;
        }
    }

    private void LookAt(SwapTransaction read, in PagingContext paging, VcpuState* vcpu, ref int budget)
    {
        int first = read.Next;
        for (int i = 0; i < read.PageCount && !read.IsCancelled; i++)
        {
            int page = (first + i) % read.PageCount;
            if (read.Pages[page].State == (int)SwapPageState.Done)
                continue;
            if (budget-- <= 0)
            {
                read.Next = page;
                return;
            }

            LookAtPage(read, page, in paging, vcpu);
        }
    }

    /// <summary>Copies a page that is there; of one that is not, sees to it that it comes.</summary>
    private void LookAtPage(SwapTransaction read, int index, in PagingContext paging, VcpuState* vcpu)
    {
        ref SwapPage page = ref read.Pages[index];
        ulong linear = read.LinearOf(index);
        bool needsWrite = (read.Request.Options & SwapInOptions.WriteFault) != SwapInOptions.None;
        IntStatus status = PageWalk.Translate(_memory, in paging, linear, out ulong physical, out PageRights rights);
        if (status.IsSuccess() && (!needsWrite || rights.IsWritable))
        {
            Span<byte> bytes = read.BytesOf(index);
            if (_memory.Read(physical, bytes) < bytes.Length)
            {
                // A frame without memory does not become one.
                Abandon(read);
                return;
            }

            if (index == 0)
                read.Physical = physical;
            page.State = (int)SwapPageState.Done;
            read.DoneCount++;
            return;
        }

        if (status == IntStatus.InvalidParameter2)
        {
            Abandon(read);
            return;
        }

        if (page.State != (int)SwapPageState.Missing && Environment.TickCount64 - Volatile.Read(ref page.Time) >= Limits.InjectionLostMilliseconds)
            Volatile.Write(ref page.State, (int)SwapPageState.Missing);
        if (page.State == (int)SwapPageState.Missing && page.Attempts >= Limits.MaxSwapAttempts)
            Abandon(read);
        else if (vcpu != null && page.State == (int)SwapPageState.Missing)
            TryInject(read, index, in paging, vcpu, status, in rights);
    }

    /// <summary>Gives a read up.</summary>
    private void Abandon(SwapTransaction read)
    {
        lock (_lock)
            read.IsCancelled = true;
    }

    private void TryInject(
        SwapTransaction read, int index, in PagingContext paging, VcpuState* vcpu, IntStatus walk, in PageRights rights)
    {
        if (!MayFault(in read.Request, in paging, vcpu) || !_injector.IsPossible || !_injector.IsFree(vcpu))
            return;

        // The error code that the processor would give for this very access, now.
        PageAccess access = new()
        {
            Kind = (read.Request.Options & SwapInOptions.WriteFault) != SwapInOptions.None ? PageAccessKind.Write : PageAccessKind.Read,
            IsUser = vcpu->Cpl == UserRing,
            HasAlignmentCheck = (vcpu->Regs.Flags & AlignmentCheckFlag) != 0,
        };
        ulong linear = read.LinearOf(index);
        if (PageFaultCheck.Check(walk, in rights, in paging, in access, out uint errorCode) != PageCheck.PageFault ||
            !read.Request.Handler.MayInject(read.Request.Cookie, linear))
        {
            return;
        }

        // First the state: what becomes of the injection may be told before this thread goes on.
        ref SwapPage page = ref read.Pages[index];
        Volatile.Write(ref page.Time, Environment.TickCount64);
        Volatile.Write(ref page.State, (int)SwapPageState.Injected);
        ulong cookie = (read.Id << CookiePageBits) | (uint)index;
        if (_injector.Inject(vcpu, ExceptionInjector.PageFault, errorCode, linear, cookie).IsSuccess())
            page.Attempts++;
        else
            Volatile.Write(ref page.State, (int)SwapPageState.Missing);
    }

    /// <summary>
    /// Whether a page fault may hit the vCPU where it is. In kernel mode a kernel takes one only where it could have come by itself:
    /// with interrupts on, and below the interrupt priority at which it must not wait; and one at a user-mode address under SMAP only
    /// where it has allowed itself such accesses.
    /// </summary>
    private bool MayFault(in SwapInRequest request, in PagingContext paging, VcpuState* vcpu)
    {
        const SwapInOptions Rings = SwapInOptions.UserFault | SwapInOptions.KernelFault;
        SwapInOptions options = request.Options;
        if ((options & SwapInOptions.NoFault) != SwapInOptions.None)
            return false;

        bool isUser = vcpu->Cpl == UserRing;
        SwapInOptions here = isUser ? SwapInOptions.UserFault : SwapInOptions.KernelFault;
        if ((options & Rings) != SwapInOptions.None && (options & here) == SwapInOptions.None)
            return false;
        if (isUser)
            return !request.IsKernel;
        if (!_registers.Ensure(vcpu, VcpuRegisters.Flags | VcpuRegisters.Cr8).IsSuccess())
            return false;

        ulong flags = vcpu->Regs.Flags;
        return (flags & InterruptFlag) != 0 && vcpu->Regs.Cr8 == 0 &&
            (request.IsKernel || !paging.HasSmap || (flags & AlignmentCheckFlag) != 0);
    }

    private void BeginWatching(SwapTransaction read, in PagingContext paging)
    {
        if (Watch is not { } watch)
            return;
        for (int page = 0; page < read.PageCount; page++)
        {
            read.Pages[page].IsWatched = read.Pages[page].State != (int)SwapPageState.Done &&
                watch.TryWatch(in paging, read.LinearOf(page), (read.Id << CookiePageBits) | (uint)page);
        }
    }

    private void EndWatching(SwapTransaction read)
    {
        for (int page = 0; page < read.PageCount; page++)
        {
            if (read.Pages[page].IsWatched)
                Watch?.Unwatch((read.Id << CookiePageBits) | (uint)page);
        }
    }

    private const ulong PageMask = 0xFFF;
}
