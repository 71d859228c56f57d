using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Tests.Native;
using Xunit;

namespace Tests.Differential;

/// <summary>Lengths and memory operands of real code, compared with Zydis.</summary>
public sealed class ZydisTests
{
    private const int Seed = 20;

    [Fact]
    public void TheCodeOfTheCLibraryIsReadAlike() => Compare(CodeSection.TextOf("/lib/x86_64-linux-gnu/libc.so.6"), 300_000);

    [Fact]
    public void TheCodeOfAKernelIsReadAlike()
    {
        string folder = Directory.CreateTempSubdirectory("introcore-kernel-").FullName;
        try
        {
            string kernel = Path.Combine(folder, "vmlinux");
            KernelImage.Unpack(Repository.In("artifacts/guest/vmlinuz"), kernel);
            Compare(CodeSection.TextOf(kernel), 2_000_000);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(CodeSection section, int least)
    {
        Assert.SkipUnless(ZydisCode.IsInstalled, "libzydis-dev is not installed");
        ulong[] registers = new ulong[16];
        Random random = new(Seed);
        for (int i = 0; i < registers.Length; i++)
            registers[i] = (ulong)random.NextInt64(long.MinValue, long.MaxValue);

        using ZydisCode zydis = new(section, registers);
        using OperandComparison comparison = new(section, registers);
        Dictionary<OperandDifference, int> counts = [];
        List<string> unexplained = comparison.Run(zydis, counts);
        Assert.True(unexplained.Count == 0, "differences for no known reason:\n" + string.Join('\n', unexplained));

        string text = string.Join(", ", counts.Select(count => $"{count.Key} {count.Value}"));
        Assert.True(comparison.Instructions > least && comparison.Operands > least / 4, text);
        TestContext.Current.TestOutputHelper?.WriteLine($"{comparison.Instructions} instructions, {comparison.Operands} operands: {text}");
    }
}
