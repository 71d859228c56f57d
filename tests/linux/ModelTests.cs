using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Engine.Guests.Linux;
using Xunit;

namespace Tests.Linux;

/// <summary>Tasks, modules and memory maps as the engine reads them are those that the guest's own /proc has.</summary>
[Collection(GuestCollection.Name)]
public sealed partial class ModelTests
{
    [Fact]
    public void TheModelIsThatOfProc()
    {
        using DeadGuest guest = new(LinuxGuest.Options);
        AssertModel(guest);
    }

    /// <summary>Other members in other places; modules of several parts.</summary>
    [Fact]
    public void TheModelOfALaterKernelIsThatOfProc()
    {
        using DeadGuest guest = new(LinuxGuest.WithLaterKernel());
        AssertModel(guest);
    }

    private static void AssertModel(DeadGuest guest)
    {
        LinuxModel model = LinuxModel.Of(guest.Kernel, guest.Memory)!;
        List<LinuxTask> tasks = [];
        Assert.True(model.TryReadTasks(tasks));
        AssertTasks(guest, model, tasks);
        AssertModules(guest, model);
        int compared = tasks.Count(task => task.Mm != 0 && AssertMaps(guest, model, task));
        Assert.InRange(compared, 2, int.MaxValue);
    }

    /// <summary>All that /proc had and that did not end meanwhile: only those that read it did.</summary>
    private static void AssertTasks(DeadGuest guest, LinuxModel model, List<LinuxTask> tasks)
    {
        Dictionary<int, LinuxTask> byPid = tasks.ToDictionary(task => task.Pid);
        int[] pids = [.. guest.FactNames.Where(name => name.EndsWith(".stat", StringComparison.Ordinal) && guest.Fact(name).Length != 0)
            .Select(name => int.Parse(name.Split('.')[0], CultureInfo.InvariantCulture))];
        string[] gone = [.. pids.Where(pid => !byPid.ContainsKey(pid)).Select(pid => guest.Lines($"{pid}.stat")[0])];
        Assert.All(gone, line => Assert.Contains("(sh)", line, StringComparison.Ordinal));
        Assert.Contains(tasks, task => task is { Pid: 0, Name: "swapper/0" });
        foreach (int pid in pids.Except(pids.Where(pid => !byPid.ContainsKey(pid))))
        {
            LinuxTask task = byPid[pid];
            Match stat = Stat().Match(guest.Lines($"{pid}.stat")[0]);

            // Of threads of the kernel /proc has longer names, and what they work at.
            string name = stat.Groups["name"].Value;
            Assert.StartsWith(task.Name, name, StringComparison.Ordinal);
            Assert.True(task.Mm == 0 || string.Equals(name, task.Name, StringComparison.Ordinal), name);
            Assert.Equal(stat.Groups["parent"].Value, task.ParentTgid.ToString(CultureInfo.InvariantCulture));
            string[] status = guest.Lines($"{pid}.status");
            Assert.Equal(Field(status, "Tgid:")[0], task.Tgid.ToString(CultureInfo.InvariantCulture));
            Assert.Equal($"{task.Uid} {task.EffectiveUid}", string.Join(' ', Field(status, "Uid:").Take(2)));
            Assert.Equal(Field(status, "CapEff:")[0], task.Capabilities.ToString("x16", CultureInfo.InvariantCulture));
            Assert.Equal(Encoding.ASCII.GetString(guest.Fact($"{pid}.exe")).Trim(), model.ProgramOf(task));
            string words = Encoding.ASCII.GetString(guest.Fact($"{pid}.cmdline")).TrimEnd('\0').Replace('\0', ' ');
            Assert.Equal(words, model.CommandLineOf(task));
        }

        Assert.Contains(tasks, task => model.CommandLineOf(task) is "sleep 1000 7");
    }

    private static void AssertModules(DeadGuest guest, LinuxModel model)
    {
        List<LinuxModule> modules = [];
        Assert.True(model.TryReadModules(modules));
        string[][] lines = [.. guest.Lines("modules").Select(line => line.Split(' '))];
        Assert.Equal(lines.Select(line => line[0]), modules.Select(module => module.Name));
        foreach ((string[] line, LinuxModule module) in lines.Zip(modules))
        {
            Assert.Equal(0U, module.State);
            Assert.Equal(line[1], module.Ranges.Aggregate(0UL, (sum, range) => sum + range.Size).ToString(CultureInfo.InvariantCulture));
            Assert.Equal(line[5], $"0x{module.Ranges[0].Start:x16}");
        }
    }

    private static bool AssertMaps(DeadGuest guest, LinuxModel model, LinuxTask task)
    {
        if (!guest.FactNames.Contains($"{task.Pid}.maps", StringComparer.Ordinal) || guest.Fact($"{task.Pid}.maps").Length == 0)
            return false;
        List<LinuxArea> areas = [];
        Assert.True(model.TryReadAreas(task, areas));
        List<string> expected = [.. guest.Lines($"{task.Pid}.maps").Where(line => !line.Contains("[vsyscall]", StringComparison.Ordinal))];

        // The shell that collects all this goes on meanwhile, and its heap and stack may grow.
        IEnumerable<string> found = areas.Select(area => Line(area, model));
        if (task.Name is "init")
            Assert.Equal(expected.Where(IsFile).Select(Short), found.Where(IsFile));
        else
            Assert.Equal(expected.Select(Short), found);
        return true;
    }

    private static bool IsFile(string line) => line.Contains('/', StringComparison.Ordinal);

    private static string Line(LinuxArea area, LinuxModel model) => string.Create(
        CultureInfo.InvariantCulture,
        $"{area.Start:x8}-{area.End:x8} {area.Rights} {(area.File == 0 ? 0 : area.Offset):x8} {model.PathOf(area.File)}").TrimEnd();

    /// <summary>A line of maps without the device and the inode, and without names in brackets.</summary>
    private static string Short(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', words[..3].Concat(words[5..].Where(IsFile)));
    }

    private static string[] Field(string[] status, string name) =>
        status.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..]
            .Split('\t', StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^\d+ \((?<name>.*)\) \S+ (?<parent>\d+) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Stat();
}
