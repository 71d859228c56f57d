using System;
using System.Runtime.InteropServices;

namespace Engine.Injection;

/// <summary>A read that waits for its pages; reused for another one when it has ended.</summary>
/// <remarks>Thread safety: <see cref="IsClaimed"/>, <see cref="IsCancelled"/> and <see cref="Id"/> belong to SwapMemory's lock; the rest to
/// whoever has claimed it, states of pages apart.</remarks>
internal sealed unsafe class SwapTransaction
{
    private const ulong PageSize = 4096;
    private const ulong PageMask = PageSize - 1;
    private const int MaxPages = (Limits.MaxSwapLength / (int)PageSize) + 1;

    private readonly SwapPage[] _pages = new SwapPage[MaxPages];
    private SwapInRequest _request;
    private byte* _buffer;

    /// <summary>Number of the read, from 1; ascending.</summary>
    public ulong Id { get; set; }

    /// <summary>Whether a thread is at it.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Whether it ends as soon as nobody is at it any more.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>What was asked for.</summary>
    public ref readonly SwapInRequest Request => ref _request;

    /// <summary>CR3 without flags, by which its address space is known.</summary>
    public ulong Root { get; private set; }

    /// <summary>The pages.</summary>
    public Span<SwapPage> Pages => _pages.AsSpan(0, PageCount);

    /// <summary>Number of pages.</summary>
    public int PageCount { get; private set; }

    /// <summary>Number of pages whose bytes are there.</summary>
    public int DoneCount { get; set; }

    /// <summary>The page to look at first when it is looked at again.</summary>
    public int Next { get; set; }

    /// <summary>Guest-physical address of the first byte, once it is known.</summary>
    public ulong Physical { get; set; }

    /// <summary>The bytes.</summary>
    public Span<byte> Bytes => new(_buffer, Request.Length);

    /// <summary>Begins a read; the arguments have been checked.</summary>
    public void Begin(in SwapInRequest request)
    {
        _request = request;
        Root = request.Paging.Root;
        PageCount = (int)(((request.Linear & PageMask) + (ulong)request.Length + PageMask) / PageSize);
        Pages.Clear();
        DoneCount = 0;
        Next = 0;
        Physical = 0;
        IsCancelled = false;
        _buffer = (byte*)NativeMemory.Alloc((nuint)request.Length);
    }

    /// <summary>Gives the buffer back.</summary>
    public void End()
    {
        NativeMemory.Free(_buffer);
        _buffer = null;
        PageCount = 0;

        // Nothing is kept alive for the next one.
        _request = default;
    }

    /// <summary>Linear address of the first byte on a page.</summary>
    public ulong LinearOf(int page) => page == 0 ? Request.Linear : (Request.Linear & ~PageMask) + ((ulong)page * PageSize);

    /// <summary>The place in the buffer for the bytes of a page.</summary>
    public Span<byte> BytesOf(int page)
    {
        int start = (int)(LinearOf(page) - Request.Linear);
        int inPage = (int)(PageSize - (LinearOf(page) & PageMask));
        return Bytes.Slice(start, Math.Min(inPage, Request.Length - start));
    }

    /// <summary>Whether two reads are the same.</summary>
    public bool IsSame(in SwapInRequest other) =>
        Root == other.Paging.Root && Request.Paging.Mode == other.Paging.Mode && Request.IsKernel == other.IsKernel &&
        Request.Linear == other.Linear && Request.Length == other.Length && Request.Options == other.Options &&
        ReferenceEquals(Request.Handler, other.Handler) && Request.Cookie == other.Cookie;
}
