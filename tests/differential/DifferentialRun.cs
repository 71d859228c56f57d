using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using Iced.Intel;

namespace Tests.Differential;

/// <summary>Runs random cases of every form through the emulator and an oracle, and collects what differs.</summary>
internal sealed unsafe class DifferentialRun : IDisposable
{
    private const int MaxComplaints = 20;
    private const int Samples = 64;

    private readonly string _name;
    private readonly OracleProcess _oracle;
    private readonly OracleLayout _layout;
    private readonly EmulatorMachine _machine;
    private readonly EmulatedCase[] _emulated = new EmulatedCase[OracleProcess.Capacity];
    private readonly OracleCase[] _before = new OracleCase[OracleProcess.Capacity];
    private readonly (Code Code, ulong Seed)[] _known = new (Code, ulong)[OracleProcess.Capacity];
    private readonly SortedDictionary<string, long> _compared = new(StringComparer.Ordinal);
    private readonly HashSet<(int Bits, Code Code)> _forms = [];
    private readonly List<string> _complaints = [];

    public DifferentialRun(string name, OracleProcess oracle, OracleLayout layout)
    {
        _name = name;
        _oracle = oracle;
        _layout = layout;
        _machine = new EmulatorMachine(layout);
    }

    /// <summary>What differs, one line each, with the line of seeds.txt that shows it again.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Cases that the oracle executed and the emulator emulated.</summary>
    public long Compared => _compared.Values.Sum();

    /// <summary>Cases that the oracle executed and the emulator did not emulate.</summary>
    public long NotEmulated { get; private set; }

    /// <summary>Cases that store outside of the window.</summary>
    public long Discarded { get; private set; }

    /// <summary>Cases in which both refuse: the oracle faults, and nothing is emulated.</summary>
    public long Faults { get; private set; }

    /// <summary>Forms that the oracle does not know.</summary>
    public Func<Code, int, bool> CannotRun { get; set; } = static (_, _) => false;

    /// <summary>The forms that were compared.</summary>
    public IEnumerable<Code> Forms(int bits) => _forms.Where(form => form.Bits == bits).Select(form => form.Code);

    /// <summary>Whether the emulator emulates one of some cases of a form.</summary>
    public bool IsEmulated(Code code, int bits)
    {
        CaseGenerator generator = new(_layout, bits);
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
        CaseGenerator generator = new(_layout, bits);
        CaseRandom seeds = new(seed);
        Stopwatch watch = Stopwatch.StartNew();
        int next = 0;
        for (long done = 0; done < cases && watch.Elapsed < limit && _complaints.Count < MaxComplaints;)
        {
            int count = 0;
            for (int tries = 0; count < OracleProcess.Capacity && tries < 4 * OracleProcess.Capacity; tries++)
            {
                Code code = forms[next++ % forms.Count];
                ulong caseSeed = seeds.Next();
                if (Prepare(generator, code, caseSeed, count))
                    count++;
            }

            if (count == 0)
                break;
            Execute(count);
            done += count;
        }
    }

    /// <summary>Runs one case that is known by its form and seed.</summary>
    public void Run(Code form, int bits, ulong seed)
    {
        // What is not comparable any more is not prepared.
        if (Prepare(new CaseGenerator(_layout, bits), form, seed, 0))
            Execute(1);
    }

    /// <summary>Counts by family.</summary>
    public string Summary()
    {
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{_name}: {Compared} cases compared, {NotEmulated} executed but not emulated, {Faults} refused by both, {Discarded} outside of the window:");
        foreach ((string family, long count) in _compared)
            text.Append(CultureInfo.InvariantCulture, $" {family} {count},");
        return text.ToString().TrimEnd(',');
    }

    public void Dispose() => _machine.Dispose();

    private bool Prepare(CaseGenerator generator, Code code, ulong seed, int index)
    {
        ref OracleCase test = ref _oracle[index];
        if (!generator.TryGenerate(code, seed, index, ref test))
            return false;

        _before[index] = test;
        _known[index] = (code, seed);
        ref EmulatedCase emulated = ref _emulated[index];
        _machine.Run(ref test, index, ref emulated);
        if (_machine.Current.Code != code || (_layout == OracleLayout.Unicorn && IsWrongInUnicorn(in _machine.Current)))
            return false;
        if (emulated.IsOutside)
        {
            Discarded++;
            return false;
        }

        if (emulated.IsEmulated && Comparison.Excuses(in _machine.Current, in emulated) is var excuses && excuses != 0)
            Complain(index, string.Create(CultureInfo.InvariantCulture, $" calls flags {excuses:x} undefined"));
        return true;
    }

    /// <summary>LOCK NEG sets its flags wrongly there; on the host it is compared.</summary>
    private static bool IsWrongInUnicorn(in Instruction instruction) =>
        instruction.HasLockPrefix && instruction.Mnemonic == Mnemonic.Neg;

    private void Execute(int count)
    {
        _oracle.Execute(count);
        for (int i = 0; i < count; i++)
        {
            ref OracleCase oracle = ref _oracle[i];
            (int Bits, Code Code) form = (_before[i].Bits, _known[i].Code);
            if (!_emulated[i].IsEmulated)
            {
                if (oracle.Status < OracleCase.Fault)
                    NotEmulated++;
                else
                    Faults++;
                continue;
            }

            _forms.Add(form);
            string family = Families.Of(form.Code);
            _compared[family] = _compared.GetValueOrDefault(family) + 1;
            if (Comparison.Complaint(ref _before[i], ref oracle, ref _emulated[i], _layout, i) is { } complaint)
                Complain(i, complaint);
        }
    }

    private void Complain(int index, string complaint)
    {
        if (_complaints.Count >= MaxComplaints)
            return;
        ref OracleCase before = ref _before[index];
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{_name} {before.Bits} {_known[index].Code} {_known[index].Seed:x}: [{Convert.ToHexStringLower(OracleCase.CodeOf(ref before))}]{complaint} with");
        for (int i = 0; i < (before.Bits == 64 ? 16 : 8); i++)
            text.Append(CultureInfo.InvariantCulture, $" {(Register.RAX + i).ToString().ToLowerInvariant()}={before.Gprs[i]:x}");
        text.Append(CultureInfo.InvariantCulture, $" flags={before.Flags:x}");
        _complaints.Add(text.ToString());
    }
}
