using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Build;
using Build.Debian;
using Build.Guest;
using Build.Qemu;
using Build.Tools;
using Xunit;

namespace Tests.Guest;

/// <summary>
/// introvm on KVM in a machine whose AMD processor QEMU emulates, with its virtualisation: the real KVM, wherever the tests run. The
/// machine boots once and runs it for each value of kvm-amd's npt.
/// </summary>
internal static class EmulatedAmd
{
    /// <summary>A run takes some 12 seconds on an idle machine.</summary>
    private const string Seconds = "240";

    /// <summary>All but those that shadow paging makes slow and that do not depend on it: "repeats" and "timer".</summary>
    private const string WithShadowPaging = "stores,table,msrs,injection,registers,storm,paging,life";

    private static readonly string[] _values = ["1", "0"];
    private static readonly Lazy<IReadOnlyDictionary<string, KvmRun>> _runs = new(Boot);

    /// <summary>The run with that value of npt.</summary>
    public static KvmRun With(string npt) =>
        _runs.Value.TryGetValue(npt, out KvmRun? run) ? run : throw new InvalidOperationException($"no run with npt={npt}");

    private static Dictionary<string, KvmRun> Boot()
    {
        ProjectPaths paths = ProjectPaths.Find();
        GuestImages images = KvmGuest.Locate(paths);
        string[] missing = [.. Requirements.Guest.Where(r => !r.IsMet()).Select(r => r.Package)];
        Assert.True(missing.Length == 0, $"install {string.Join(' ', missing)}, or run ./build.ps1 test, which does");
        foreach (string file in (string[])[images.Kernel, images.Initramfs])
            Assert.True(File.Exists(file), $"{file} is not there: run ./build.ps1 test, which makes it");

        List<string> lines = [];
        string append = $"console=ttyS0 quiet panic=-1 introvm=--library,/lib/libintrocore.so introvm0={WithShadowPaging} "
            + "npt=" + string.Join(',', _values);
        Tool.Stream("timeout",
            [
                "--foreground", "-k", "5", Seconds, QemuProgram.Name, "-accel", "tcg", "-cpu", "EPYC,+svm", "-smp", "1", "-m", "384",
                "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", images.Kernel,
                "-initrd", images.Initramfs, "-append", append,
            ],
            Environment.CurrentDirectory,
            line =>
            {
                lock (lines)
                    lines.Add(line.TrimEnd('\r'));
            });
        lock (lines)
            return Split(lines);
    }

    /// <summary>Cuts the console's text into the runs that it shows; all of them have what came before the first.</summary>
    private static Dictionary<string, KvmRun> Split(List<string> lines)
    {
        int[] starts = [.. Enumerable.Range(0, lines.Count).Where(i => lines[i].StartsWith("machine: npt=", StringComparison.Ordinal))];
        string[] common = [.. lines.Take(starts.Length > 0 ? starts[0] : lines.Count)];
        Dictionary<string, KvmRun> runs = new(StringComparer.Ordinal);
        foreach (string value in _values)
        {
            int start = Array.FindIndex(starts, i => string.Equals(lines[i], $"machine: npt={value}", StringComparison.Ordinal));
            string[] own = start < 0 ? []
                : [.. lines.Take(start + 1 < starts.Length ? starts[start + 1] : lines.Count).Skip(starts[start])];
            runs[value] = new KvmRun($"an emulated AMD processor, npt={value}", [.. common, .. own], ExitCodeIn(own));
        }

        return runs;
    }

    private static int? ExitCodeIn(IEnumerable<string> lines)
    {
        const string Mark = "machine: exit ";
        string? line = lines.FirstOrDefault(l => l.StartsWith(Mark, StringComparison.Ordinal));
        return line is null ? null : int.Parse(line[Mark.Length..], CultureInfo.InvariantCulture);
    }
}
