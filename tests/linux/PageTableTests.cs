using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Build.Runs;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Linux;

/// <summary>The page tables of a real kernel and a real process: what the engine finds in them is what QEMU finds.</summary>
[Collection(GuestCollection.Name)]
public sealed partial class PageTableTests
{
    private const int MemoryMiB = 128;

    /// <summary>4-level and 5-level paging, and both halves of a kernel that has its user page tables apart.</summary>
    [Theory]
    [InlineData("max,la57=off", "", PagingMode4)]
    [InlineData("max,la57=on", "", PagingMode4 + 1)]
    [InlineData("max,la57=off", "pti=on", PagingMode4)]
    public unsafe void EveryPageIsFoundAsQemuFindsIt(string cpu, string kernelArguments, int mode)
    {
        string image = Path.GetTempFileName();
        try
        {
            string registers = "";
            string pages = "";
            string ranges = "";
            GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with
            {
                Plugin = null,
                CpuModel = cpu,
                MemoryMiB = MemoryMiB,
                Attacks = ["idt"],
                KernelArguments = $"ask=1 {kernelArguments}".TrimEnd(),
                Script = guest =>
                {
                    guest.WaitFor("guest: ready for attack idt");
                    guest.Monitor("stop");
                    registers = guest.Monitor("info registers");
                    pages = guest.Monitor("info tlb");

                    // QEMU 7.2 does not come to an end of this with five levels.
                    if (mode == PagingMode4)
                        ranges = guest.Monitor("info mem");
                    guest.Monitor($"pmemsave 0 {MemoryMiB << 20} \"{image}\"");
                    guest.Monitor("cont");
                    guest.Type("");
                },
            });
            Assert.True(run is { TimedOut: false, PoweredDown: true }, run.Text());

            using GuestRam ram = new((MemoryMiB << 20) / (int)GuestRam.PageSize);
            using (FileStream file = File.OpenRead(image))
                file.ReadExactly(new Span<byte>(ram.At(0), MemoryMiB << 20));
            PagingContext paging = new(
                Register(registers, "CR0"), Register(registers, "CR3"), Register(registers, "CR4"), Register(registers, "EFER"));
            Assert.Equal(mode, (int)paging.Mode);
            List<LinearPage> found = Walk(ram.Declare(), in paging);
            Assert.InRange(found.Count, 1000, int.MaxValue);
            Assert.Equal(Lines(pages), found.Select(AsQemuPage));
            if (ranges.Length != 0)
            {
                Assert.Equal(
                    RangeLine().Matches(ranges).Select(m => $"{m.Groups["start"].Value} {m.Groups["size"].Value} {m.Groups["rights"].Value}"),
                    Ranges(found));
            }
        }
        finally
        {
            File.Delete(image);
        }
    }

    private const int PagingMode4 = (int)PagingMode.Level4;

    private static List<LinearPage> Walk(GuestMemory memory, in PagingContext paging)
    {
        List<LinearPage> found = [];
        ulong next = 0;
        while (true)
        {
            AddressSpaceWalk walk = new(memory, in paging, next);
            while (walk.MoveNext())
                found.Add(walk.Current);
            if (walk.IsComplete)
                return found;
            next = walk.Next;
        }
    }

    private static ulong Register(string registers, string name)
    {
        Match match = Regex.Match(registers, $@"\b{name}\s*=\s*([0-9a-f]+)", RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.True(match.Success, registers);
        return ulong.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0);

    /// <summary>As "info tlb" prints it: the bits of the leaf.</summary>
    private static string AsQemuPage(LinearPage page)
    {
        ulong leaf = page.Rights.Leaf;
        ReadOnlySpan<(ulong Bit, char Name)> flags =
        [
            (PageEntry.NoExecute, 'X'), (PageEntry.Global, 'G'), (page.Size > GuestRam.PageSize ? PageEntry.LargePage : 0, 'P'),
            (PageEntry.Dirty, 'D'), (PageEntry.Accessed, 'A'), (PageEntry.CacheDisable, 'C'), (PageEntry.WriteThrough, 'T'),
            (PageEntry.User, 'U'), (PageEntry.Writable, 'W'),
        ];
        string text = "";
        foreach ((ulong bit, char name) in flags)
            text += (leaf & bit) != 0 ? name : '-';
        return $"{page.Linear:x16}: {page.Physical:x16} {text}";
    }

    /// <summary>As "info mem" prints them: neighbours with the same rights together, rights of all levels.</summary>
    private static List<string> Ranges(List<LinearPage> pages)
    {
        List<string> ranges = [];
        ulong start = 0;
        ulong end = 0;
        string rights = "";
        foreach (LinearPage page in pages)
        {
            string its = $"{(page.Rights.IsUser ? 'u' : '-')}r{(page.Rights.IsWritable ? 'w' : '-')}";
            if (page.Linear != end || !string.Equals(its, rights, StringComparison.Ordinal))
            {
                Flush();
                (start, rights) = (page.Linear, its);
            }

            end = page.Linear + page.Size;
        }

        Flush();
        return ranges;

        void Flush()
        {
            if (end != start)
                ranges.Add($"{start:x16} {end - start:x16} {rights}");
        }
    }

    [GeneratedRegex("(?<start>[0-9a-f]{16})-[0-9a-f]{16} (?<size>[0-9a-f]{16}) (?<rights>[-urw]{3})", RegexOptions.None, 1000)]
    private static partial Regex RangeLine();
}
