using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Build.Runs;
using Engine.Guests;
using Engine.Guests.Linux;
using Engine.Memory;
using Engine.Symbols.Kallsyms;
using Xunit;

namespace Tests.Linux;

/// <summary>What the engine finds in an unmodified kernel's memory is what the kernel says of itself: every symbol, every type.</summary>
[Collection(GuestCollection.Name)]
public sealed class DetectionTests
{
    /// <summary>QEMU, arguments of the kernel, CPU model, number of CPUs.</summary>
    public static TheoryData<string, string, string, int> Guests => new()
    {
        { "7.2", "", "", 1 },
        { "7.2", "pti=on", "", 2 },
        { "10.0", "", ",+la57", 1 },
    };

    [Theory]
    [MemberData(nameof(Guests))]
    public void TheKernelIsFoundWithEverySymbolAndType(string qemu, string kernelArguments, string features, int cpus)
    {
        GuestRunOptions options = LinuxGuest.On(qemu);
        using DeadGuest guest = new(
            options with { KernelArguments = kernelArguments, CpuModel = options.CpuModel + features, Cpus = cpus });

        AssertHolds(guest, features.Length != 0 ? "5" : "4");
        Assert.Equal(cpus, guest.Kernel.Facts.Count(fact => fact.Name.StartsWith("task of", StringComparison.Ordinal)));
    }

    /// <summary>Another order of the tables, another place of the current task, other types.</summary>
    [Fact]
    public void ALaterKernelIsFoundTheSameWay()
    {
        using DeadGuest guest = new(LinuxGuest.WithLaterKernel());

        AssertHolds(guest, "4");
        Assert.Equal((6, 12), (guest.Kernel.Banner.Major, guest.Kernel.Banner.Minor));
        Assert.Equal(KallsymsPlace.AfterTokens, guest.Kernel.Symbols!.Place);
    }

    private static void AssertHolds(DeadGuest guest, string levels)
    {
        AssertFacts(guest, levels);
        AssertGoldenValues(guest.Kernel);
        AssertSymbols(guest.Lines("kallsyms"), guest.Kernel.Symbols!);
        BtfDump.AssertSame(guest.Fact("btf"), guest.Kernel.Types!);
        AssertFoundLive(guest);
    }

    /// <summary>Everything that can be checked is, and nothing is missing.</summary>
    private static void AssertFacts(DeadGuest guest, string levels)
    {
        string all = string.Join('\n', guest.Kernel.Facts.Select(f => $"{f.Name}: {f.Value}, {f.Source}, {f.Confidence}")
            .Concat(guest.Kernel.Missing.Select(m => $"missing {m.Feature}: {m.Reason}")));
        Assert.True(guest.Kernel.Missing.Count == 0, all);
        Assert.True(guest.Kernel.Facts.All(fact => fact.Confidence is Confidence.Verified or Confidence.Found), all);
        Assert.Equal(levels, guest.Kernel.Facts.Single(fact => fact.Name is "levels").Value);
        Assert.Equal(levels is "5" ? PagingMode.Level5 : PagingMode.Level4, guest.Kernel.Paging.Mode);
        Assert.Contains(guest.Run.GuestLines, line => line.Contains($"Linux {guest.Kernel.Banner.Release}", StringComparison.Ordinal));
        Assert.Equal(40, guest.Kernel.BuildId.Length);
    }

    /// <summary>What was measured of Debian 12's kernel by other means (spec/33, section 10).</summary>
    private static void AssertGoldenValues(LinuxKernel kernel)
    {
        if (kernel.Banner.Version is not "6.1.192")
            return;
        Assert.Equal((87_347, 0), (kernel.Symbols!.Count, kernel.Symbols.LongNames));
        Assert.Equal((95_246, 2_425_896, 1_694_074), (kernel.Types!.Count, kernel.Types.TypeBytes, kernel.Types.TextBytes));
        (string Path, int Offset)[] expected =
        [
            ("task_struct.stack", 0x20), ("task_struct.tasks", 0x890), ("task_struct.mm", 0x8E0), ("task_struct.pid", 0x970),
            ("task_struct.real_parent", 0x980), ("task_struct.thread_pid", 0x9D8), ("task_struct.thread_node", 0xA30),
            ("task_struct.cred", 0xB90), ("task_struct.comm", 0xBA0), ("task_struct.signal", 0xC00), ("mm_struct.mm_mt.ma_root", 8),
            ("mm_struct.pgd", 0x48), ("mm_struct.exe_file", 0x3B0), ("vm_area_struct.vm_file", 0x70), ("cred.uid", 8),
            ("cred.cap_effective", 0x3C), ("module.core_layout", 0x140), ("module.btf_data", 0x2B0), ("file.f_path", 0x10),
            ("dentry.d_name", 0x20), ("inode.i_fop", 0x168), ("maple_range_64.slot", 0x80), ("maple_arange_64.meta", 0xF0),
        ];
        Assert.Equal(expected, expected.Select(e => (e.Path, kernel.Types.OffsetOf(Encoding.ASCII.GetBytes(e.Path)))));
        Assert.Equal((896UL, 0x1FB80UL), (kernel.Types.SizeOf("module"u8), kernel.Symbols.AddressOf("current_task"u8)));
    }

    /// <summary>Modules, programs of BPF and the like follow those of the image, with their names in brackets.</summary>
    private static void AssertSymbols(string[] lines, KallsymsTable table)
    {
        List<string> expected = [.. lines.Where(line => !line.Contains('[', StringComparison.Ordinal))];
        Assert.InRange(expected.Count, 20_000, int.MaxValue);
        Assert.Equal(expected.Count, table.Count);
        byte[] name = new byte[global::Engine.Limits.MaxSymbolName + 1];
        for (int i = 0; i < table.Count; i++)
        {
            KernelSymbol symbol = table[i];
            string text = Encoding.ASCII.GetString(name, 0, table.ReadName(i, name));
            string line = string.Create(CultureInfo.InvariantCulture, $"{symbol.Address:x16} {(char)symbol.Type} {text}");
            if (!string.Equals(expected[i], line, StringComparison.Ordinal))
                Assert.Fail($"symbol {i}: the guest has {expected[i]}, the engine {line}");
        }
    }

    /// <summary>The plug-in's engine found the same while the guest was running.</summary>
    private static void AssertFoundLive(DeadGuest guest)
    {
        string expected = string.Create(
            CultureInfo.InvariantCulture,
            $"info: Linux {guest.Kernel.Banner.Version} ({guest.Kernel.Banner.Release}) at {guest.Kernel.Layout.Base:x}: {guest.Kernel.Symbols!.Count} symbols, {guest.Kernel.Types!.Count} types; ");
        Assert.True(guest.Run.Events.Any(e => e.Is("engine") && e.Text.StartsWith(expected, StringComparison.Ordinal)), guest.Run.Text());
        Assert.Contains(guest.Run.Events, e => e.Is("system") && string.Equals(e.Field("version"), guest.Kernel.Banner.Version, StringComparison.Ordinal));
        Assert.DoesNotContain(guest.Run.Events, e => e.Text.Contains("contradicts", StringComparison.Ordinal));
    }
}
