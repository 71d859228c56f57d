using System;
using System.Collections.Generic;
using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>
/// The pages of the window that Linux has for its image, by their rights (spec/33, 1.2): 1 GiB from 0xFFFFFFFF80000000 on, wherever in it
/// the kernel is this time.
/// </summary>
internal sealed class ImageScan
{
    /// <summary>Where the window begins.</summary>
    public const ulong WindowStart = 0xFFFF_FFFF_8000_0000;

    private const ulong LargePage = 1UL << 21;

    private readonly GuestMemory _memory;
    private readonly PagingContext _paging;
    private readonly List<ImageRun> _runs = [];

    /// <param name="memory">The guest's memory.</param>
    /// <param name="paging">The address space.</param>
    public ImageScan(GuestMemory memory, in PagingContext paging)
    {
        _memory = memory;
        _paging = paging;
    }

    /// <summary>The runs, by rising addresses.</summary>
    public IReadOnlyList<ImageRun> Runs => _runs;

    /// <summary>Whether an address is in the window.</summary>
    public static bool IsInWindow(ulong address) => address - WindowStart < Limits.MaxKernelImage;

    /// <summary>Walks the tables for all of it.</summary>
    public IEnumerable<WorkStep> Run()
    {
        for (ulong offset = 0; offset < Limits.MaxKernelImage; offset += LargePage)
        {
            ScanSlot(WindowStart + offset);
            if (_runs.Count > Limits.MaxImageRuns)
                yield break;
            yield return default;
        }
    }

    /// <summary>The layout around an address in the kernel's code. False: that is no kernel with its rights in place.</summary>
    /// <param name="anchor">The address.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="reason">Why not.</param>
    public bool TryFindLayout(ulong anchor, out KernelLayout layout, out string reason)
    {
        layout = default;
        int text = _runs.FindIndex(run => run.Range.Contains(anchor));
        reason = text < 0 ? "the entry is not mapped"
            : !_runs[text].IsExecutable || _runs[text].IsUser ? "the entry is not in a kernel's code"
            : _runs[text].IsWritable ? "code is still writable" : "";
        if (reason.Length != 0)
            return false;

        // What was free between code and constants is writable, too.
        ImageRun rodata = default;
        bool hasData = false;
        foreach (ImageRun run in _runs[(text + 1)..])
        {
            if (run.IsRodata && run.Range.Size > rodata.Range.Size)
                (rodata, hasData) = (run, false);
            hasData |= run.IsData;
        }

        reason = rodata.Range.Size == 0 ? "no read-only data behind the code" : !hasData ? "no data behind the code" : "";
        layout = new KernelLayout(_runs[text].Range, rodata.Range, _runs[^1].Range.End);
        return reason.Length == 0;
    }

    private void ScanSlot(ulong start)
    {
        ulong end = start + LargePage;
        AddressSpaceWalk walk = new(_memory, in _paging, start, end - 1);
        while (walk.MoveNext())
        {
            // A page may be larger than the slot.
            LinearPage page = walk.Current;
            PageRights rights = page.Rights;
            ulong first = Math.Max(page.Linear, start);
            Add(ImageRun.Of(first, Math.Min(page.Linear + page.Size, end) - first, in rights));
        }
    }

    private void Add(ImageRun run)
    {
        if (_runs.Count != 0 && _runs[^1].IsContinuedBy(in run))
            _runs[^1] = _runs[^1] with { Range = new AddressRange(_runs[^1].Range.Start, run.Range.End) };
        else
            _runs.Add(run);
    }
}
