using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>What the engine has no use for yet: the glue traps the execution of a page, and reads of one, with the registers of
/// that very moment.</summary>
[Collection(GuestCollection.Name)]
public sealed class WatchTests
{
    private const string CallAnnouncement = "attack: calling ";
    private const string Call = "attack: called with ";
    private const string ReadAnnouncement = "attack: reading ";
    private const string Read = "attack: read with ";

    /// <summary>What the library of tests/linux/watch puts in the place of what is in memory.</summary>
    private const ulong Patch = 0x1122334455667788;

    private const ulong ArgumentOfCall = 0x1111111111110001;

    private static readonly ConcurrentDictionary<string, GuestRunResult> _runs = new(StringComparer.Ordinal);

    /// <summary>What the module loads before its call and its reads: see tests/linux/attack.</summary>
    private static readonly (string Register, ulong Value)[] _both =
    [
        ("rcx", 0x4444444444440004), ("r8", 0x8888888888880008), ("r9", 0x9999999999990009), ("r10", 0xaaaaaaaaaaaa000a),
        ("r11", 0xbbbbbbbbbbbb000b), ("cpl", 0),
    ];

    private static readonly (string Register, ulong Value)[] _ofCall =
        [.. _both, ("rdi", ArgumentOfCall), ("rsi", 0x2222222222220002), ("rdx", 0x3333333333330003)];

    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void TheEntryOfAFunctionIsTrappedWithItsRegistersAndRuns(string qemu)
    {
        GuestRunResult run = RunOf(qemu);
        string function = Fields(run, CallAnnouncement).Single()["rip"];

        Assert.True(run.GuestLines.Any(
            l => l.Contains(Call, StringComparison.Ordinal) && l.EndsWith(": RAN", StringComparison.Ordinal)), run.Text());
        IReadOnlyDictionary<string, string>[] traps = [.. Fields(run, "watch: fetch ")];
        Assert.True(traps.Length > 0 && traps.All(t => Same(t, "rip", function)), run.Text());
        IReadOnlyDictionary<string, string>[] calls = [.. traps.Where(t => ValueOf(t, "rdi") == ArgumentOfCall)];
        Assert.True(calls.Length == 1, $"{calls.Length} traps of the module's call\n{run.Text()}");
        AssertRegisters(_ofCall, calls[0], run);
        Assert.True(Same(calls[0], "rsp", Fields(run, Call).Single()["rsp"].TrimEnd(':')), run.Text());
    }

    /// <summary>It gets what is in memory, or what the engine gives, or does not happen at all.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void AReadIsTrappedWithItsRegistersAndGetsWhatItIsToGet(string qemu)
    {
        GuestRunResult run = RunOf(qemu);
        IReadOnlyDictionary<string, string> before = Fields(run, ReadAnnouncement).Single(), after = Fields(run, Read).Single();

        IReadOnlyDictionary<string, string>[] traps = [.. Fields(run, "watch: read ")];
        Assert.True(traps.Length == 3, $"{traps.Length} traps of the module's reads\n{run.Text()}");
        for (int i = 0; i < traps.Length; i++)
        {
            AssertRegisters([.. _both, ("rdx", (ulong)i)], traps[i], run);
            foreach (string register in new[] { "rip", "rdi", "rax" })
                Assert.True(Same(traps[i], register, before[register]), $"{register} is {traps[i][register]}\n{run.Text()}");
            Assert.True(Same(traps[i], "rsp", after["rsp"]), run.Text());
        }

        Assert.Equal(before["value"], after["given"]);
        Assert.Equal(Patch, ValueOf(after, "patched"));
        Assert.Equal(before["rax"], after["refused"]);
        Assert.NotEqual(before["value"], before["rax"]);
    }

    /// <summary>A first run says where function and constant are: the kernel is told to lie at the same place each time.</summary>
    private static GuestRunResult RunOf(string qemu) => _runs.GetOrAdd(qemu, _ =>
    {
        GuestRunOptions options = LinuxGuest.On(qemu) with { Attacks = ["call", "read"], KernelArguments = "nokaslr" };
        GuestRunResult before = LinuxGuest.Run(options with { Plugin = null });
        IReadOnlyDictionary<string, string> function = Fields(before, CallAnnouncement).Single();
        IReadOnlyDictionary<string, string> constant = Fields(before, ReadAnnouncement).Single();
        Assert.Equal(3, Fields(before, Read).Single().Count(f => string.Equals(f.Value, constant["value"], StringComparison.Ordinal)));

        GuestRunResult run = LinuxGuest.Run(options with
        {
            Library = LinuxGuest.Paths.WatchLibrary,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["WATCH_FETCH"] = function["gpa"],
                ["WATCH_READ"] = constant["gpa"],
            },
        });
        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
        Assert.Equal(function["rip"], Fields(run, CallAnnouncement).Single()["rip"]);
        Assert.Equal(constant["gpa"], Fields(run, ReadAnnouncement).Single()["gpa"]);
        return run;
    });

    private static void AssertRegisters(
        IEnumerable<(string Register, ulong Value)> expected, IReadOnlyDictionary<string, string> trap, GuestRunResult run)
    {
        foreach ((string register, ulong value) in expected)
            Assert.True(ValueOf(trap, register) == value, $"{register} is {trap[register]}\n{run.Text()}");
    }

    /// <summary>The fields of each line with the mark.</summary>
    private static IEnumerable<IReadOnlyDictionary<string, string>> Fields(GuestRunResult run, string mark) => run.Transcript
        .Where(l => l.Text.Contains(mark, StringComparison.Ordinal))
        .Select(l => FieldReader.Read(l.Text[(l.Text.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..]));

    private static ulong ValueOf(IReadOnlyDictionary<string, string> fields, string key) =>
        Numbers.TryParse(fields.GetValueOrDefault(key, ""), out ulong value) ? value : throw new FormatException($"no number {key}");

    private static bool Same(IReadOnlyDictionary<string, string> fields, string key, string number) =>
        Numbers.TryParse(number, out ulong value) && ValueOf(fields, key) == value;
}
