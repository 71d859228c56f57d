using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using CsCheck;
using Engine.Symbols;
using Engine.Symbols.Kallsyms;
using Xunit;

namespace Tests.Unit.Symbols;

/// <summary>The kernel's table of symbols, in every order and encoding of spec/33, 2.2.</summary>
public sealed class KallsymsFinderTests
{
    private const int Count = 20_500;

    public static TheoryData<KallsymsOrder, int, int, int, int> Layouts
    {
        get
        {
            TheoryData<KallsymsOrder, int, int, int, int> data = [];
            foreach (KallsymsOrder order in Enum.GetValues<KallsymsOrder>())
            {
                foreach (KallsymsEncoding encoding in Enum.GetValues<KallsymsEncoding>())
                {
                    foreach (KallsymsScheme scheme in Enum.GetValues<KallsymsScheme>())
                    {
                        data.Add(order, (int)encoding, (int)scheme, 0, 4);
                        data.Add(order, (int)encoding, (int)scheme, 40, 4);
                    }
                }

                data.Add(order, (int)KallsymsEncoding.Absolute, (int)KallsymsScheme.OneByte, 0, 8);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void EveryLayoutIsFoundAndDecoded(KallsymsOrder order, int encoding, int scheme, int longNames, int markerSize)
    {
        KallsymsImage image = new()
        {
            Symbols = KallsymsImage.Make(Count, longNames, 7, perCpu: (KallsymsEncoding)encoding == KallsymsEncoding.RelativePerCpu),
            Order = order, Encoding = (KallsymsEncoding)encoding, Scheme = (KallsymsScheme)scheme, MarkerSize = markerSize,
        };
        using Found found = new(image.Write());
        AssertHolds(image.Symbols, found.Table);
        Assert.Equal(image.Encoding, found.Table.Encoding);
        Assert.Equal(order == KallsymsOrder.OrderOfNames, found.Finder.Plan!.HasOrderBeforeTokens);
        if (longNames != 0)
            Assert.Equal(image.Scheme, found.Table.Scheme);
    }

    [Fact]
    public void TheWayThatASymbolIsWrittenDoesNotShow() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 3000]).Sample(
            (seed, first, second, lead) =>
            {
                List<(ulong Address, char Type, string Name)> symbols = KallsymsImage.Make(17_000 + (seed % 1500), seed % 3, seed, perCpu: false);
                using Found one = new(Image(symbols, (KallsymsOrder)first, lead, seed).Write());
                using Found other = new(Image(symbols, (KallsymsOrder)second, 0, seed + 1).Write());
                Assert.Equal(Texts(one.Table), Texts(other.Table));
            },
            iter: 12);

    [Fact]
    public void LookUpsAgreeWithAListOfAllSymbols()
    {
        List<(ulong Address, char Type, string Name)> symbols = KallsymsImage.Make(Count, 3, 11);
        using Found found = new(Image(symbols, KallsymsOrder.AddressesFirst, 0, 1, KallsymsEncoding.RelativePerCpu).Write());

        ulong[] distinct = [.. symbols.Select(s => s.Address).Distinct().Order()];
        Random random = new(3);
        for (int i = 0; i < 5000; i++)
        {
            ulong address = KallsymsImage.Base + (ulong)random.Next(0, 0x1A0_0000);
            ulong start = distinct.Last(a => a <= address);
            Assert.True(found.Table.TryFindAt(address, out KernelSymbol symbol, out ulong size) || start == distinct[^1]);
            Assert.Equal(start, symbol.Address);
            Assert.Equal(start == distinct[^1] ? 0 : distinct.First(a => a > address) - start, size);
            Assert.Equal(symbols.Any(s => s.Address == start && s.Type == 'T'), symbol.Type == 'T');
        }

        Assert.False(found.Table.TryFind("no_such_symbol"u8, out _));
        Assert.False(found.Table.TryFind(""u8, out _));
        List<int> twice = [];
        for (bool more = found.Table.TryFind("twice"u8, out KernelSymbol symbol); more; more = found.Table.TryFindNext(in symbol, "twice"u8, out symbol))
            twice.Add(symbol.Index);
        Assert.Equal(symbols.Select((s, i) => (s.Name, i)).Where(s => s.Name is "twice").Select(s => s.i), twice);
    }

    [Fact]
    public void LookUpsDoNotAllocate()
    {
        using Found found = new(Image(KallsymsImage.Make(Count, 0, 5), KallsymsOrder.AddressesLast, 0, 1, KallsymsEncoding.RelativePerCpu).Write());
        KallsymsTable table = found.Table;
        Span<byte> name = stackalloc byte[global::Engine.Limits.MaxSymbolName + 1];
        long least = long.MaxValue;

        // The runtime itself may allocate while code runs for the first time.
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < table.Count; i++)
            {
                int length = table.ReadName(i, name);
                if (!table.TryFind(name[..length], out KernelSymbol symbol) || !table.TryFindAt(symbol.Address, out _, out _))
                    Assert.Fail("not found");
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void AddressesThatAreNotSortedAreSorted()
    {
        List<(ulong Address, char Type, string Name)> symbols = KallsymsImage.Make(Count, 0, 5, perCpu: false);

        // Data in any order; code is in its own.
        symbols.Insert(5, (KallsymsImage.Base + 0x170_0000, 'd', "far_away"));
        using Found found = new(Image(symbols, KallsymsOrder.AddressesFirst, 0, 1).Write());
        Assert.True(found.Table.TryFindAt(KallsymsImage.Base + 0x170_0001, out KernelSymbol symbol, out ulong size));
        Assert.Equal((5, 0x10_0000UL), (symbol.Index, size));
    }

    [Theory]
    [InlineData(0x1000)]
    [InlineData(-0x1000)]
    public void AnotherBaseIsNotAccepted(int shift)
    {
        KallsymsImage image = Image(KallsymsImage.Make(Count, 0, 5), KallsymsOrder.AddressesFirst, 0, 1, KallsymsEncoding.RelativePerCpu);
        using MemoryCopy memory = image.Write();
        AddressRange text = KallsymsImage.Layout.Text;
        using KallsymsFinder finder = new(memory, KallsymsImage.Layout with { Text = text with { Start = text.Start + (ulong)shift } });
        Drive(finder);
        Assert.Equal((null, KallsymsFailure.NoAddresses), (finder.Table, finder.Failure));
    }

    [Fact]
    public void MemoryWithoutTablesHasNone()
    {
        using MemoryCopy memory = new(KallsymsImage.RodataStart, 1 << 20);
        using KallsymsFinder finder = new(memory, KallsymsImage.Layout);
        Drive(finder);
        Assert.Equal((null, KallsymsFailure.NoTokens), (finder.Table, finder.Failure));
    }

    [Fact]
    public void WhateverIsWrongNothingThrowsAndItEnds()
    {
        KallsymsImage image = Image(KallsymsImage.Make(17_000, 2, 5), KallsymsOrder.AddressesFirst, 0, 1, KallsymsEncoding.RelativePerCpu);
        byte[] sound = image.ToArray();
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, 40], Gen.Int[0, 3]).Sample(
            (seed, changes, kind) =>
            {
                Random random = new(seed);
                byte[] bytes = [.. sound];
                for (int i = 0; i < changes; i++)
                {
                    int at = random.Next(bytes.Length);
                    if (kind == 0)
                        bytes[at] = (byte)random.Next(256);
                    else
                        bytes.AsSpan(at, Math.Min(bytes.Length - at, random.Next(1 << (kind * 4)))).Fill((byte)random.Next(3));
                }

                AssertEnds(bytes.AsSpan(0, kind == 3 ? random.Next(bytes.Length) : bytes.Length));
            },
            iter: 150);
    }

    [Fact]
    public void TablesMadeToTakeLongDoNot()
    {
        // Digits everywhere; runs of markers everywhere; every number a number of symbols.
        byte[] digits = new byte[8 << 20];
        for (int i = 0; i + 24 <= digits.Length; i += 24)
            "0\01\02\03\04\05\06\07\08\09\0"u8.CopyTo(digits.AsSpan(i));
        AssertEnds(digits);

        byte[] sound = Image(KallsymsImage.Make(17_000, 0, 5), KallsymsOrder.AddressesFirst, 1 << 20, 1, KallsymsEncoding.RelativePerCpu).ToArray();
        for (int run = 0; run + (70 * 4) < 1 << 20; run += 70 * 4)
        {
            for (int i = 0; i < 70; i++)
                BitConverter.TryWriteBytes(sound.AsSpan(run + (i * 4)), i * 512);
        }

        AssertEnds(sound);
        int start = sound.Length - 200_000;
        for (int i = start & -8; i + 8 < sound.Length - 60_000; i += 8)
            BitConverter.TryWriteBytes(sound.AsSpan(i), 16_900L);
        AssertEnds(sound);
    }

    private static KallsymsImage Image(
        List<(ulong Address, char Type, string Name)> symbols, KallsymsOrder order, int lead, int seed,
        KallsymsEncoding encoding = KallsymsEncoding.Relative) =>
        new() { Symbols = symbols, Order = order, Encoding = encoding, Lead = lead, Seed = seed, Scheme = KallsymsScheme.TwoBytes };

    private static void AssertEnds(ReadOnlySpan<byte> bytes)
    {
        using MemoryCopy memory = new(KallsymsImage.RodataStart, bytes.Length);
        bytes.CopyTo(memory.Bytes);
        Stopwatch clock = Stopwatch.StartNew();
        using KallsymsFinder finder = new(memory, KallsymsImage.Layout);
        Drive(finder);
        Assert.True(finder.Table is null == (finder.Failure != KallsymsFailure.None));
        if (finder.Table is { } table)
        {
            Span<byte> name = new byte[global::Engine.Limits.MaxSymbolName + 1];
            for (int i = 0; i < table.Count; i += 97)
                table.TryFind(name[..table.ReadName(i, name)], out _);
            table.Dispose();
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    private static void AssertHolds(IReadOnlyList<(ulong Address, char Type, string Name)> symbols, KallsymsTable table)
    {
        Assert.Equal(symbols.Count, table.Count);
        byte[] name = new byte[global::Engine.Limits.MaxSymbolName + 1];
        for (int i = 0; i < symbols.Count; i++)
        {
            int length = table.ReadName(i, name);
            KernelSymbol symbol = table[i];
            Assert.Equal(symbols[i], (symbol.Address, (char)symbol.Type, Encoding.ASCII.GetString(name, 0, length)));
            Assert.True(table.TryFind(name.AsSpan(0, length), out KernelSymbol found));
            Assert.Equal(symbols[i].Name is "twice" ? symbols.Select(s => s.Name).ToList().IndexOf("twice") : i, found.Index);
        }
    }

    private static List<string> Texts(KallsymsTable table)
    {
        byte[] name = new byte[global::Engine.Limits.MaxSymbolName + 1];
        return [.. Enumerable.Range(0, table.Count).Select(
            i => $"{table[i].Address:x} {(char)table[i].Type} {Encoding.ASCII.GetString(name, 0, table.ReadName(i, name))}")];
    }

    private static void Drive(KallsymsFinder finder)
    {
        foreach (WorkStep step in finder.Run())
            _ = step;
    }

    /// <summary>Memory, and the table that was found in it.</summary>
    private sealed class Found : IDisposable
    {
        private readonly MemoryCopy _memory;

        public Found(MemoryCopy memory)
        {
            _memory = memory;
            Finder = new KallsymsFinder(memory, KallsymsImage.Layout);
            Drive(Finder);
            Assert.Equal(KallsymsFailure.None, Finder.Failure);
        }

        public KallsymsFinder Finder { get; }

        public KallsymsTable Table => Finder.Table!;

        public void Dispose()
        {
            Table.Dispose();
            Finder.Dispose();
            _memory.Dispose();
        }
    }
}
