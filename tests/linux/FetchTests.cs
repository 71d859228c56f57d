using System;
using System.Collections.Generic;
using System.Linq;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>The entry of a kernel's function is trapped, with the registers of that very moment, and the function runs.</summary>
[Collection(GuestCollection.Name)]
public sealed class FetchTests
{
    private const string Announcement = "attack: calling ";
    private const string Call = "attack: called with ";
    private const string Trap = "fetch: ";

    /// <summary>What the module loads before its call: see tests/linux/attack/call.c.</summary>
    private static readonly (string Register, ulong Value)[] _loaded =
    [
        ("rdi", 0x1111111111110001), ("rsi", 0x2222222222220002), ("rdx", 0x3333333333330003), ("rcx", 0x4444444444440004),
        ("r8", 0x8888888888880008), ("r9", 0x9999999999990009), ("r10", 0xaaaaaaaaaaaa000a), ("r11", 0xbbbbbbbbbbbb000b),
        ("cpl", 0),
    ];

    /// <summary>The first run says where the function is: the kernel is told to lie at the same place each time.</summary>
    [Theory]
    [MemberData(nameof(QemuVersions.All), MemberType = typeof(QemuVersions))]
    public void TheEntryOfAFunctionIsTrappedWithItsRegistersAndRuns(string qemu)
    {
        GuestRunOptions options = LinuxGuest.On(qemu) with { Attacks = ["call"], KernelArguments = "nokaslr" };
        GuestRunResult before = LinuxGuest.Run(options with { Plugin = null });
        IReadOnlyDictionary<string, string> function = Fields(before, Announcement).Single();

        GuestRunResult run = LinuxGuest.Run(options with
        {
            Library = LinuxGuest.Paths.FetchWatchLibrary,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["FETCH_WATCH_GPA"] = function["gpa"] },
        });

        Assert.True(run is { PoweredDown: true, ExitCode: 0 } && !run.Errors.Any(), run.Text());
        Assert.Equal(function["rip"], Fields(run, Announcement).Single()["rip"]);
        AssertCallRan(run);

        IReadOnlyDictionary<string, string>[] traps = [.. Fields(run, Trap).Where(f => f.ContainsKey("rip"))];
        Assert.True(traps.Length > 0 && traps.All(t => Same(t, "rip", function["rip"])), run.Text());
        IReadOnlyDictionary<string, string>[] calls = [.. traps.Where(t => ValueOf(t, "rdi") == _loaded[0].Value)];
        Assert.True(calls.Length == 1, $"{calls.Length} traps of the module's call\n{run.Text()}");
        foreach ((string register, ulong value) in _loaded)
            Assert.True(ValueOf(calls[0], register) == value, $"{register} is {calls[0][register]}\n{run.Text()}");
        Assert.True(Same(calls[0], "rsp", Fields(run, Call).Single()["rsp"].TrimEnd(':')), run.Text());
    }

    private static void AssertCallRan(GuestRunResult run) => Assert.True(
        run.GuestLines.Any(l => l.Contains(Call, StringComparison.Ordinal) && l.EndsWith(": RAN", StringComparison.Ordinal)), run.Text());

    /// <summary>The fields of each line with the mark.</summary>
    private static IEnumerable<IReadOnlyDictionary<string, string>> Fields(GuestRunResult run, string mark) => run.Transcript
        .Where(l => l.Text.Contains(mark, StringComparison.Ordinal))
        .Select(l => FieldReader.Read(l.Text[(l.Text.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..]));

    private static ulong ValueOf(IReadOnlyDictionary<string, string> fields, string key) =>
        Numbers.TryParse(fields.GetValueOrDefault(key, ""), out ulong value) ? value : throw new FormatException($"no number {key}");

    private static bool Same(IReadOnlyDictionary<string, string> fields, string key, string number) =>
        Numbers.TryParse(number, out ulong value) && ValueOf(fields, key) == value;
}
