using System;
using System.Collections.Generic;

namespace Engine.Symbols.Kallsyms;

/// <summary>
/// Finds the symbols of a Linux kernel in a copy of its read-only data, in whatever order and encoding they are (spec/33, 2.2 and 2.3):
/// the tokens by the digits among them and by their index, the markers as the longest run of rising numbers in front of the tokens,
/// the names as what has these markers, and the addresses as the one place and encoding that gives the image's bounds.
/// </summary>
/// <remarks>All that is read may be made up: nothing throws, and every piece of work is bounded. By one thread.</remarks>
internal sealed class KallsymsFinder : IDisposable
{
    private readonly MemoryCopy _memory;
    private readonly KernelLayout _layout;
    private readonly List<KallsymsTokens> _tokens = [];
    private KallsymsNames? _names;
    private int _digits;
    private int _candidates;

    /// <param name="memory">A copy of the kernel's read-only data.</param>
    /// <param name="layout">Where the image is.</param>
    public KallsymsFinder(MemoryCopy memory, in KernelLayout layout)
    {
        _memory = memory;
        _layout = layout;
    }

    /// <summary>What was found; null before the end of the work, or where something was not found. Whoever takes it disposes of it.
    /// </summary>
    public KallsymsTable? Table { get; private set; }

    /// <summary>Where the tables are; null until they are found.</summary>
    public KallsymsPlan? Plan { get; private set; }

    /// <summary>What was not found.</summary>
    public KallsymsFailure Failure { get; private set; } = KallsymsFailure.NoTokens;

    /// <summary>Searches.</summary>
    public IEnumerable<WorkStep> Run()
    {
        foreach (WorkStep step in FindTokens())
            yield return step;
        for (int i = 0; i < _tokens.Count && Plan is null; i++)
        {
            // Markers of 8 bytes are of kernels that hardly anybody runs.
            for (int size = sizeof(uint); size <= sizeof(ulong) && Plan is null; size *= 2)
            {
                foreach (WorkStep step in FindNames(_tokens[i], size))
                    yield return step;
            }
        }

        if (Plan is not { } plan)
            yield break;

        Failure = KallsymsFailure.BadNames;
        _names = new KallsymsNames(plan.Tokens, _memory.Bytes[plan.Names..plan.NamesEnd], plan.Count, plan.Scheme);
        foreach (WorkStep step in _names.Build())
            yield return step;
        if (!_names.IsSound)
            yield break;

        foreach (WorkStep step in FindAddresses(plan, _names))
            yield return step;
    }

    /// <summary>Frees what was not taken.</summary>
    public void Dispose()
    {
        if (Table is null)
            _names?.Dispose();
    }

    private IEnumerable<WorkStep> FindTokens()
    {
        for (int from = 0; from < _memory.Length; from += Limits.ScannedBytesPerStep)
        {
            FindTokensIn(from);
            yield return default;
        }
    }

    private void FindTokensIn(int from)
    {
        ReadOnlySpan<byte> digits = "0\01\02\03\04\05\06\07\08\09\0"u8;
        ReadOnlySpan<byte> memory = _memory.Bytes;
        int end = (int)Math.Min(memory.Length, (long)from + Limits.ScannedBytesPerStep + digits.Length - 1);
        while (_digits < Limits.MaxDigitRuns && memory[from..end].IndexOf(digits) is >= 0 and int found)
        {
            _digits++;
            if (KallsymsTokens.TryRead(memory, from + found) is { } tokens)
                _tokens.Add(tokens);
            from += found + digits.Length;
        }
    }

    private IEnumerable<WorkStep> FindNames(KallsymsTokens tokens, int markerSize)
    {
        Failure = KallsymsFailure.NoMarkers;
        MarkerScan scan = new(_memory, markerSize);
        foreach (WorkStep step in scan.Run(tokens.Start))
            yield return step;

        foreach (MarkerRun run in scan.Runs)
        {
            Failure = KallsymsFailure.NoNames;
            NamesSearch search = new(_memory, tokens, run);
            while (Plan is null && _candidates < Limits.MaxNamesCandidates && search.MoveNext())
            {
                _candidates++;
                foreach (KallsymsScheme scheme in (KallsymsScheme[])[KallsymsScheme.TwoBytes, KallsymsScheme.OneByte])
                {
                    while (search.Check(scheme))
                        yield return default;
                    Plan ??= search.Plan;
                    if (Plan is not null)
                        yield break;
                }
            }

            yield return default;
        }
    }

    private IEnumerable<WorkStep> FindAddresses(KallsymsPlan plan, KallsymsNames names)
    {
        Failure = KallsymsFailure.NoAddresses;
        AddressCandidate? accepted = null;
        bool isAmbiguous = false;
        foreach (AddressCandidate candidate in AddressCandidate.All(_memory, plan))
        {
            if (!candidate.Matches(in _layout, names))
                continue;
            isAmbiguous |= accepted is not null;
            accepted = candidate;
            yield return default;
        }

        if (accepted is null || isAmbiguous)
        {
            if (isAmbiguous)
                Failure = KallsymsFailure.Ambiguous;
            yield break;
        }

        NativeTable<ulong> addresses = new(plan.Count);
        accepted.ReadAll(addresses.Span);
        using AddressOrder order = new(addresses);
        yield return default;
        foreach (WorkStep step in order.Sort())
            yield return step;

        Table = new KallsymsTable(names, addresses, order.Take(), accepted.Place, accepted.Encoding, accepted.RelativeBase);
        Failure = KallsymsFailure.None;
    }
}
