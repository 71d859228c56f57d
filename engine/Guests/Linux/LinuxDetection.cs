using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Memory;
using Engine.Symbols;
using Engine.Symbols.Btf;
using Engine.Symbols.Kallsyms;

namespace Engine.Guests.Linux;

/// <summary>
/// Finds a 64-bit Linux kernel from the registers of a vCPU and guest memory alone (spec/33, section 9): the image by its entry points and
/// the rights of its pages, then, in a copy of its read-only data, the banner, the symbols and the types, each by content; then what the
/// running kernel says of itself. Each step is checked against one of another kind.
/// </summary>
/// <remarks>One attempt; by one thread. What it has found and nobody took is freed with it.</remarks>
internal sealed partial class LinuxDetection : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly ICpuSource _cpus;
    private readonly List<GuestFact> _facts = [];
    private readonly List<MissingFeature> _missing = [];
    private MemoryCopy? _rodata;
    private KallsymsTable? _symbols;
    private BtfTypes? _types;
    private LinuxBanner? _banner;
    private KernelLayout _layout;
    private PagingContext _paging;
    private CpuRegisters _cpu;
    private bool _isFound;

    /// <param name="memory">The guest's memory.</param>
    /// <param name="cpus">Its registers.</param>
    public LinuxDetection(GuestMemory memory, ICpuSource cpus)
    {
        _memory = memory;
        _cpus = cpus;
    }

    /// <summary>What was found; null: nothing, or not yet. Whoever takes it disposes of it.</summary>
    public LinuxKernel? Kernel { get; private set; }

    /// <summary>Why nothing was found, in words for a person.</summary>
    public string Reason { get; private set; } = "not looked for yet";

    /// <summary>Whether a vCPU is in 64-bit mode and enters where a Linux kernel may be, in code that is not writable any more: a look that
    /// does not allocate.</summary>
    public static bool IsWorthwhile(GuestMemory memory, in CpuRegisters cpu)
    {
        PagingContext paging = new(cpu.Cr0, cpu.Cr3, cpu.Cr4, cpu.Efer);
        return paging.Mode is PagingMode.Level4 or PagingMode.Level5 && TryFindAnchor(memory, in cpu, in paging, out ulong anchor, out _) &&
            PageWalk.Walk(memory, in paging, anchor, out Translation page).IsSuccess() &&
            ImageRun.Of(anchor, page.PageSize, page.Rights).IsText;
    }

    /// <summary>Looks for it.</summary>
    public IEnumerable<WorkStep> Run()
    {
        foreach (WorkStep step in FindImage())
            yield return step;
        if (!_isFound)
            yield break;

        _rodata = new MemoryCopy(_layout.Rodata.Start, (int)Math.Min(_layout.Rodata.Size, Limits.MaxKernelRodata));
        foreach (WorkStep step in _rodata.Fill(new LinearReader(_memory, _paging)))
            yield return step;

        List<LinuxBanner> banners = [];
        foreach (WorkStep step in LinuxBanner.Find(_rodata, banners))
            yield return step;
        if (banners.Count == 0)
        {
            Reason = "no banner in the read-only data";
            yield break;
        }

        _banner = banners[0];
        foreach (WorkStep step in FindSymbols(_rodata))
            yield return step;
        foreach (WorkStep step in FindTypes(_rodata))
            yield return step;
        yield return default;

        AcceptBanner(_rodata);
        AcceptEntries();
        string buildId = FindBuildId(_rodata);
        UseOwnTables();
        CheckCrashNote();
        yield return default;

        LinuxOffsets? offsets = CheckTypes();
        CheckCpus(offsets);
        Kernel = new LinuxKernel
        {
            Layout = _layout, Banner = _banner, Paging = _paging, Symbols = _symbols, Types = _types, Offsets = offsets, BuildId = buildId,
            Facts = _facts, Missing = _missing,
        };
        Reason = "";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rodata?.Dispose();
        if (Kernel is null)
        {
            _symbols?.Dispose();
            _types?.Dispose();
        }
    }

    private IEnumerable<WorkStep> FindImage()
    {
        Reason = "no vCPU is in 64-bit mode with a kernel's entry";
        foreach (CpuRegisters cpu in _cpus.ReadCpus())
        {
            PagingContext paging = new(cpu.Cr0, cpu.Cr3, cpu.Cr4, cpu.Efer);
            if (paging.Mode is not (PagingMode.Level4 or PagingMode.Level5))
                continue;
            _cpu = cpu;

            // In user mode with page-table isolation CR3 names the half of the tables that has hardly any kernel; the other one lies in
            // front of it.
            ulong[] roots = (cpu.Cr3 & Isolated) != 0 ? [cpu.Cr3, cpu.Cr3 & ~Isolated] : [cpu.Cr3];
            foreach (ulong root in roots)
            {
                PagingContext space = paging.WithCr3(root);
                if (!TryFindAnchor(_memory, in cpu, in space, out ulong anchor, out string from))
                    continue;
                ImageScan scan = new(_memory, in space);
                foreach (WorkStep step in scan.Run())
                    yield return step;
                if (!scan.TryFindLayout(anchor, out _layout, out string reason))
                {
                    Reason = reason;
                    continue;
                }

                _paging = space;
                _isFound = true;
                Note("anchor", $"0x{anchor:x}, {from}", FactSource.Registers, Confidence.Found);
                Note("text", Text(_layout.Text), FactSource.PageTables, Confidence.Found);
                Note("rodata", Text(_layout.Rodata), FactSource.PageTables, Confidence.Found);
                Note("levels", _paging.Mode == PagingMode.Level5 ? "5" : "4", FactSource.Registers, Confidence.Verified);
                yield break;
            }
        }
    }

    private IEnumerable<WorkStep> FindSymbols(MemoryCopy rodata)
    {
        using KallsymsFinder finder = new(rodata, in _layout);
        foreach (WorkStep step in finder.Run())
            yield return step;
        _symbols = finder.Table;
        if (_symbols is null)
        {
            _missing.Add(new("symbols", $"the kernel's table of symbols: {Words(finder.Failure)}"));
            yield break;
        }

        Note("symbols", $"{_symbols.Count}", FactSource.Content,
            _symbols.Count >= Limits.MinKernelSymbols ? Confidence.Verified : Confidence.Hint);
        Note("kallsyms", $"{_symbols.Place}, {_symbols.Encoding}, {_symbols.Scheme}", FactSource.Content, Confidence.Found);
        Note("base", $"0x{_layout.Base:x}", FactSource.Symbols, Confidence.Verified);
    }

    /// <summary>The banner is where the symbol says, and says what was found by its form; several texts may have that.</summary>
    private void AcceptBanner(MemoryCopy rodata)
    {
        ulong address = _symbols?.AddressOf("linux_banner"u8) ?? 0;
        LinuxBanner? named = address != 0 && rodata.TryFind(address, 0, out int offset)
            ? LinuxBanner.Parse(rodata.Bytes[offset..], address) : null;
        Confidence confidence = address == 0 ? Confidence.Found
            : named is not null && string.Equals(named.Release, _banner!.Release, StringComparison.Ordinal) ? Confidence.Verified
            : Confidence.Contradicted;
        _banner = named ?? _banner!;
        Note("banner", _banner.Text, FactSource.Content, confidence);
    }

    private IEnumerable<WorkStep> FindTypes(MemoryCopy rodata)
    {
        BtfFinder finder = new(rodata);
        foreach (WorkStep step in finder.Run())
        {
            _types = finder.Types;
            yield return step;
        }

        _types = finder.Types;
        if (_types is null)
        {
            _missing.Add(new("types", "the kernel carries no types (BTF)"));
            yield break;
        }

        ulong start = _symbols?.AddressOf("__start_BTF"u8) ?? 0;
        ulong stop = _symbols?.AddressOf("__stop_BTF"u8) ?? 0;
        Confidence confidence = start == 0 ? Confidence.Found
            : start == finder.Range.Start && stop == finder.Range.End && _types.IsComplete ? Confidence.Verified : Confidence.Contradicted;
        Note("types", $"{_types.Count}", FactSource.Content, confidence);
    }

    private const ulong Isolated = 1 << 12;

    private void Note(string name, string value, FactSource source, Confidence confidence) =>
        _facts.Add(new GuestFact(name, value, source, confidence));

    private static string Text(AddressRange range) => $"0x{range.Start:x}-0x{range.End:x}";

    private static string Words(KallsymsFailure failure) => failure switch
    {
        KallsymsFailure.NoTokens => "no tokens",
        KallsymsFailure.NoMarkers => "no markers",
        KallsymsFailure.NoNames => "no names that give the markers",
        KallsymsFailure.BadNames => "a name that cannot be",
        KallsymsFailure.NoAddresses => "no addresses that give the image's bounds",
        _ => "more than one way to read the addresses",
    };
}
