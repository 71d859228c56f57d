using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Runs random cases of every form through the emulator and an oracle, and collects what differs.</summary>
/// <remarks>While the oracle executes one half of the cases, the other is made and emulated, and the one before is compared.</remarks>
internal sealed unsafe class DifferentialRun : IDisposable
{
    private const int MaxComplaints = 20;
    private const int Samples = 64;

    private readonly string _name;
    private readonly OracleProcess _oracle;
    private readonly OracleLayout _layout;
    private readonly EmulatorMachine _machine;
    private readonly EmulatedCase[] _emulated = new EmulatedCase[2 * OracleProcess.HalfCapacity];
    private readonly OracleCase[] _before = new OracleCase[2 * OracleProcess.HalfCapacity];
    private readonly (Code Code, ulong Seed)[] _known = new (Code, ulong)[2 * OracleProcess.HalfCapacity];
    private readonly SortedDictionary<int, FormCounts[]> _counts = [];
    private readonly List<string> _complaints = [];

    public DifferentialRun(string name, OracleProcess oracle, OracleLayout layout)
    {
        _name = name;
        _oracle = oracle;
        _layout = layout;
        _machine = new EmulatorMachine(layout, oracle.Facts);
    }

    /// <summary>What differs, one line each, with the line of seeds.txt that shows it again.</summary>
    public IEnumerable<string> Complaints => _complaints.Concat(
        _counts.Values.SelectMany(forms => forms).Where(form => form.Compared != 0).Select(form => form.UnknownCase).OfType<string>());

    /// <summary>Cases that the oracle executed and the emulator emulated.</summary>
    public long Compared => _counts.Values.Sum(forms => forms.Sum(form => form.Compared));

    /// <summary>Cases that the oracle executed and the emulator did not emulate.</summary>
    public long NotEmulated => _counts.Values.Sum(forms => forms.Sum(form => form.NotEmulated));

    /// <summary>Cases that store outside of the window.</summary>
    public long Discarded { get; private set; }

    /// <summary>Cases compared whose memory operand, or a part of it, was read from the patch buffer.</summary>
    public long Patched { get; private set; }

    /// <summary>Cases that the emulator did not emulate, and that the oracle was therefore not given.</summary>
    public long NotTried { get; private set; }

    /// <summary>Cases in which both refuse: the oracle faults, and nothing is emulated.</summary>
    public long Faults { get; private set; }

    /// <summary>Forms that the oracle does not know.</summary>
    public Func<Code, int, bool> CannotRun { get; set; } = static (_, _) => false;

    /// <summary>The forms that were compared.</summary>
    public IEnumerable<Code> Forms(int bits) =>
        CountsOf(bits).Select((form, code) => (form, code)).Where(pair => pair.form.Compared != 0).Select(pair => (Code)pair.code);

    /// <summary>The forms that were emulated, and that the oracle's processor does not know.</summary>
    public IEnumerable<Code> UnknownForms(int bits) => CountsOf(bits).Select((form, code) => (form, code))
        .Where(pair => pair.form.Compared == 0 && pair.form.Unknown != 0).Select(pair => (Code)pair.code);

    /// <summary>Whether the emulator emulates one of some cases of a form.</summary>
    public bool IsEmulated(Code code, int bits)
    {
        CaseGenerator generator = new(_layout, new OracleFacts { Xcr0 = CaseGenerator.StateComponents }, bits);
        OracleCase test = default;
        for (ulong seed = 0; seed < Samples; seed++)
        {
            if (!generator.TryGenerate(code, seed, 0, ref test))
                continue;
            _machine.Run(ref test, 0, ref _emulated[0]);
            if (_emulated[0].IsEmulated && _machine.Current.Code == code)
                return true;
        }

        return false;
    }

    /// <summary>Runs so many cases of forms in turn, or until the time is over.</summary>
    public void Run(IReadOnlyList<Code> forms, int bits, long cases, ulong seed, TimeSpan limit)
    {
        CaseGenerator generator = new(_layout, _oracle.Facts, bits);
        CaseRandom seeds = new(seed);
        Stopwatch watch = Stopwatch.StartNew();
        int next = 0;
        int half = 0;
        int started = 0;
        for (long done = 0; done < cases && watch.Elapsed < limit && _complaints.Count < MaxComplaints; done += started)
        {
            int count = 0;
            for (int tries = 0; count < OracleProcess.HalfCapacity && tries < 4 * OracleProcess.HalfCapacity; tries++)
            {
                Code code = forms[next++ % forms.Count];
                if (Prepare(generator, code, seeds.Next(), half, count))
                    count++;
            }

            Exchange(half, started, count);
            if (count == 0)
                return;
            started = count;
            half = 1 - half;
        }

        Exchange(half, started, 0);
    }

    /// <summary>Runs one case that is known by its form and seed.</summary>
    public void Run(Code form, int bits, ulong seed)
    {
        // What is not comparable any more is not prepared.
        if (Prepare(new CaseGenerator(_layout, _oracle.Facts, bits), form, seed, 0, 0))
        {
            Exchange(0, 0, 1);
            Exchange(1, 1, 0);
        }
    }

    /// <summary>Counts by family.</summary>
    public string Summary()
    {
        SortedDictionary<string, long> families = new(StringComparer.Ordinal);
        foreach (FormCounts[] forms in _counts.Values)
        {
            for (int code = 0; code < forms.Length; code++)
            {
                if (forms[code].Compared != 0)
                    families[Families.Of((Code)code)] = families.GetValueOrDefault(Families.Of((Code)code)) + forms[code].Compared;
            }
        }

        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{_name}: {Compared} cases compared, {Patched} of them reading patched bytes, {NotEmulated} executed but not emulated, {Faults} refused by both, {NotTried} not emulated and not tried, {Discarded} outside of the window:");
        foreach ((string family, long count) in families)
            text.Append(CultureInfo.InvariantCulture, $" {family} {count},");
        return text.ToString().TrimEnd(',');
    }

    /// <summary>The forms of which cases were executed and not emulated, with their numbers.</summary>
    public string Refused()
    {
        StringBuilder text = new();
        foreach ((int bits, FormCounts[] forms) in _counts)
        {
            for (int code = 0; code < forms.Length; code++)
            {
                if (forms[code].NotEmulated != 0)
                    text.Append(CultureInfo.InvariantCulture, $" {bits}/{(Code)code} {forms[code].NotEmulated} of {forms[code].NotEmulated + forms[code].Compared} ({forms[code].NotEmulatedSeed:x});");
            }
        }

        return text.ToString();
    }

    public void Dispose() => _machine.Dispose();

    private FormCounts[] CountsOf(int bits)
    {
        if (!_counts.TryGetValue(bits, out FormCounts[]? counts))
            _counts.Add(bits, counts = new FormCounts[StateForms.CodeCount]);
        return counts;
    }

    private bool Prepare(CaseGenerator generator, Code code, ulong seed, int half, int index)
    {
        ref OracleCase test = ref _oracle[half, index];
        if (!generator.TryGenerate(code, seed, index, ref test))
            return false;

        int place = PlaceOf(half, index);
        OracleCase.CopyTo(ref test, ref _before[place]);
        _known[place] = (code, seed);
        ref EmulatedCase emulated = ref _emulated[place];
        _machine.Run(ref test, index, ref emulated);
        if (_machine.Current.Code != code || (_layout == OracleLayout.Unicorn && IsWrongInUnicorn(in _machine.Current)))
            return false;

        // In Unicorn, a case that faults spoils those that follow: what may fault is not tried.
        if (_layout == OracleLayout.Unicorn && !emulated.IsEmulated && !emulated.IsOutside)
        {
            NotTried++;
            return false;
        }

        if (emulated.IsOutside)
        {
            Discarded++;
            return false;
        }

        if (emulated.IsEmulated && Comparison.Excuses(in _machine.Current, in emulated) is var excuses && excuses != 0)
            Complain(place, string.Create(CultureInfo.InvariantCulture, $" calls flags {excuses:x} undefined"));
        return true;
    }

    /// <summary>LOCK NEG sets its flags wrongly there; on the host it is compared.</summary>
    private static bool IsWrongInUnicorn(in Instruction instruction) =>
        instruction.HasLockPrefix && instruction.Mnemonic == Mnemonic.Neg;

    private static int PlaceOf(int half, int index) => (half * OracleProcess.HalfCapacity) + index;

    /// <summary>Waits for the cases of the other half, lets the oracle begin with this one, and compares the others.</summary>
    private void Exchange(int half, int started, int count)
    {
        if (started != 0)
            _oracle.Finish();
        if (count != 0)
            _oracle.Start(half, count);
        for (int i = 0; i < started; i++)
            Compare(1 - half, i);
    }

    private void Compare(int half, int index)
    {
        int place = PlaceOf(half, index);
        ref OracleCase oracle = ref _oracle[half, index];
        ref FormCounts counts = ref CountsOf(_before[place].Bits)[(int)_known[place].Code];
        if (oracle.Status < OracleCase.Fault &&
            Comparison.OperandComplaint(ref _before[place], ref oracle, in _emulated[place], _layout) is { } written)
        {
            Complain(place, written);
        }

        if (!_emulated[place].IsEmulated)
        {
            if (oracle.Status >= OracleCase.Fault)
            {
                Faults++;
                return;
            }

            counts.NotEmulated++;
            counts.NotEmulatedSeed = _known[place].Seed;
            return;
        }

        string? complaint = Comparison.Complaint(ref _before[place], ref oracle, ref _emulated[place], _layout, index);
        if (oracle.Status == _layout.UnknownInstruction)
        {
            // Not known to this processor, unless it executes other cases of the form.
            counts.Unknown++;
            counts.UnknownCase ??= Describe(place, complaint!);
            return;
        }

        counts.Compared++;
        Patched += _emulated[place].IsPatched ? 1 : 0;
        if (complaint is not null)
            Complain(place, complaint);
    }

    private void Complain(int place, string complaint)
    {
        if (_complaints.Count < MaxComplaints)
            _complaints.Add(Describe(place, complaint));
    }

    private string Describe(int place, string complaint)
    {
        ref OracleCase before = ref _before[place];
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{_name} {before.Bits} {_known[place].Code} {_known[place].Seed:x}: [{Convert.ToHexStringLower(OracleCase.CodeOf(ref before))}]{complaint} with");
        for (int i = 0; i < (before.Bits == 64 ? 16 : 8); i++)
            text.Append(CultureInfo.InvariantCulture, $" {(Register.RAX + i).ToString().ToLowerInvariant()}={before.Gprs[i]:x}");
        text.Append(CultureInfo.InvariantCulture, $" flags={before.Flags:x}");
        return text.ToString();
    }
}
