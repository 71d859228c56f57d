using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Iced.Intel;
using Tests.Native;
using Xunit;

namespace Tests.Differential;

/// <summary>The emulator does what processors do: this machine's for 64-bit code, Unicorn for 32- and 16-bit code.</summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const ulong FixedSeed = 0x1DE0_5EED;
    /// <summary>Cases that are compared at least, a million together.</summary>
    private const long HostCases = 900_000;
    private const long UnicornCases = 50_000;

    /// <summary>Cases of a round of the search for seeds.</summary>
    private const long RoundCases = 100_000;

    /// <summary>Forms that are emulated; more may come, none may go.</summary>
    private const int Known64 = 634;
    private const int Known32 = 517;
    private const int Known16 = 301;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(100);

    [Fact]
    public void OnTheProcessorOfThisMachine()
    {
        using OracleProcess oracle = OracleProcess.StartHost();
        using DifferentialRun run = new("host", oracle, OracleLayout.Host) { CannotRun = HostCannotRun };
        RunForms(run, 64, HostCases, Limit, Known64);
    }

    [Fact]
    public void InUnicorn()
    {
        using OracleProcess? oracle = OracleProcess.StartUnicorn(out string reason);
        if (oracle is null)
            Assert.Skip(reason);
        using DifferentialRun run = new("unicorn", oracle!, OracleLayout.Unicorn);
        run.CannotRun = UnicornCannotRun;
        RunForms(run, 32, UnicornCases, Limit / 2, Known32);
        RunForms(run, 16, UnicornCases, Limit / 2, Known16);
    }

    /// <summary>The same on and on with new seeds (<c>./build.ps1 fuzz</c>): each line that it prints belongs into seeds.txt.</summary>
    [Fact(Explicit = true)]
    public void WithNewSeeds()
    {
        TimeSpan limit = Variable("INTROCORE_FUZZ_SECONDS", NumberStyles.None) is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.MaxValue;
        using OracleProcess host = OracleProcess.StartHost();
        using OracleProcess? unicorn = OracleProcess.StartUnicorn(out string reason);
        if (unicorn is null)
            Write($"64-bit code alone: {reason}");
        Dictionary<int, List<Code>> forms = [];
        Stopwatch watch = Stopwatch.StartNew();
        long compared = 0;
        long different = 0;
        while (watch.Elapsed < limit)
        {
            foreach (int bits in unicorn is null ? [64] : new[] { 64, 32, 16 })
            {
                using DifferentialRun run = bits == 64
                    ? new("host", host, OracleLayout.Host) { CannotRun = HostCannotRun }
                    : new("unicorn", unicorn!, OracleLayout.Unicorn) { CannotRun = UnicornCannotRun };
                if (!forms.TryGetValue(bits, out List<Code>? known))
                    forms.Add(bits, known = [.. FormsOf(run, bits).Comparable]);
                run.Run(known, bits, RoundCases, (ulong)Stopwatch.GetTimestamp(), TimeSpan.FromMinutes(1));
                compared += run.Compared;
                foreach (string complaint in run.Complaints)
                {
                    different++;
                    Write($"{complaint}");
                }
            }

            Write($"{compared} cases compared in {watch.Elapsed.TotalSeconds:F0} s, {different} differ");
        }

        Assert.Equal(0, different);
    }

    [Fact]
    public void KeptSeedsStaySolved()
    {
        using OracleProcess host = OracleProcess.StartHost();
        using OracleProcess? unicorn = OracleProcess.StartUnicorn(out _);
        using DifferentialRun onHost = new("host", host, OracleLayout.Host);
        using DifferentialRun? inUnicorn = unicorn is null ? null : new("unicorn", unicorn, OracleLayout.Unicorn);
        foreach (string line in File.ReadLines(Repository.In("tests/differential/seeds.txt")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 4 || words[0].StartsWith('#'))
                continue;
            DifferentialRun? run = string.Equals(words[0], "host", StringComparison.Ordinal) ? onHost : inUnicorn;
            run?.Run(
                Enum.Parse<Code>(words[2]), int.Parse(words[1], CultureInfo.InvariantCulture),
                ulong.Parse(words[3].TrimEnd(':'), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        Assert.Empty(onHost.Complaints.Concat(inUnicorn?.Complaints ?? []));
    }

    [Fact]
    public void AWrongBitIsSeen()
    {
        OracleCase before = new() { Bits = 64, Length = 3, WindowLength = OracleLayout.UsualLength };
        OracleCase oracle = before;
        EmulatedCase emulated = new() { NextRip = OracleLayout.Host.SlotOf(0) + 3, Result = before };
        Assert.Null(Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0));

        OracleCase.WindowOf(ref oracle)[100] = 1;
        Assert.Contains("memory at", Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0), StringComparison.Ordinal);
        oracle = before;
        oracle.Flags = 1;
        Assert.Contains("flags", Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0), StringComparison.Ordinal);
        emulated.UndefinedFlags = 1;
        Assert.Null(Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0));
        oracle.Status = OracleCase.Fault + 11;
        Assert.Contains("faults", Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0), StringComparison.Ordinal);
        oracle = before;
        emulated.NextRip++;
        Assert.Contains("rip", Comparison.Complaint(ref before, ref oracle, ref emulated, OracleLayout.Host, 0), StringComparison.Ordinal);
    }

    private void RunForms(DifferentialRun run, int bits, long cases, TimeSpan limit, int known)
    {
        (List<Code> all, List<Code> emulated, List<Code> loads, List<Code> forms) = FormsOf(run, bits);
        ulong fresh = (ulong)Stopwatch.GetTimestamp();
        long before = run.Compared;
        Stopwatch watch = Stopwatch.StartNew();
        run.Run(forms, bits, cases / 2, FixedSeed, limit);

        // The rest without those that this processor does not know.
        List<Code> rest = [.. forms.Except(run.UnknownForms(bits))];
        CaseRandom seeds = new(fresh);
        while (run.Compared - before < cases && watch.Elapsed < limit && !run.Complaints.Any())
            run.Run(rest, bits, cases - (run.Compared - before), seeds.Next(), limit - watch.Elapsed);
        Write($"{bits}-bit code: {all.Count} forms store, {emulated.Count} are emulated, and so are {loads.Count} that load; {forms.Count} of them can run here; seed {fresh:x}");
        Write($"not emulated: {string.Join(' ', all.Except(emulated))}");
        List<Code> open = [.. emulated.Concat(loads).Except(run.Forms(bits))];
        Write($"emulated, not run here, {open.Count} forms: {string.Join(' ', open)}");
        Write($"{run.Summary()}");
        Write($"executed, not always emulated:{run.Refused()}");
        Assert.True(!run.Complaints.Any(), string.Join('\n', run.Complaints));
        Assert.InRange(run.Compared - before, cases, long.MaxValue);
        Assert.InRange(emulated.Count, known, int.MaxValue);
        Assert.Empty(forms.Except(run.Forms(bits)).Except(run.UnknownForms(bits)));
    }

    /// <summary>The forms that store, those of them that are emulated, those that load and are emulated, and those of the latter two that
    /// the oracle can run.</summary>
    private static (List<Code> All, List<Code> Emulated, List<Code> Loads, List<Code> Comparable) FormsOf(DifferentialRun run, int bits)
    {
        OracleLayout layout = bits == 64 ? OracleLayout.Host : OracleLayout.Unicorn;
        List<Code> all = StoreForms.All(layout, bits);
        List<Code> emulated = [.. all.Where(code => run.IsEmulated(code, bits))];

        // Loads make Unicorn 2.0 execute what it has translated before, and not what is there: they are compared on the host alone.
        List<Code> loads = layout == OracleLayout.Unicorn ? []
            : [.. StoreForms.Loads(layout, bits).Where(code => run.IsEmulated(code, bits))];
        return (all, emulated, loads, [.. emulated.Concat(loads).Where(code => !run.CannotRun(code, bits))]);
    }

    /// <summary>A number from the environment.</summary>
    private static ulong? Variable(string name, NumberStyles style) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), style, CultureInfo.InvariantCulture, out ulong value) ? value : null;

    private void Write(DefaultInterpolatedStringHandler text) => output.WriteLine(text.ToStringAndClear());

    /// <summary>What depends on tables that this process does not know.</summary>
    private static bool HostCannotRun(Code code, int bits) => code.Mnemonic() is Mnemonic.Sgdt or Mnemonic.Sidt;

    /// <summary>Unicorn 2.0 knows no VEX and EVEX nor what came after 2014, and SSE only in 32-bit code. An instruction that it does not
    /// know spoils those that follow. Of extended state it is given XMM and MXCSR. An ENTER of another size than the stack's sets
    /// all of EBP there; the processor, as the host shows in 64-bit code, sets as much as the operand has.</summary>
    private static bool UnicornCannotRun(Code code, int bits) =>
        code.Encoding() != EncodingKind.Legacy || code == (bits == 32 ? Code.Enterw_imm16_imm8 : Code.Enterd_imm16_imm8) || StateForms.Of(code) is StateKind.Fpu or StateKind.All ||
        code.Mnemonic() is Mnemonic.Movbe or Mnemonic.Movdiri or Mnemonic.Movdir64b or Mnemonic.Clzero or Mnemonic.Aadd or
            Mnemonic.Aand or Mnemonic.Aor or Mnemonic.Axor or Mnemonic.Movntss or Mnemonic.Movntsd ||
        (bits == 16 && code.CpuidFeatures().Any(feature => feature is CpuidFeature.SSE or CpuidFeature.SSE2 or CpuidFeature.SSE4_1));
}
