using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using CsCheck;
using Engine.Symbols;
using Engine.Symbols.Btf;
using Xunit;

namespace Tests.Unit.Symbols;

/// <summary>Types as spec/33, section 3, has them.</summary>
public sealed class BtfTypesTests
{
    [Fact]
    public void MembersOfAnonymousMembersAreMembers()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        uint inner = image.Struct("", 8, ("c", number, 0), ("d", number, 32));
        uint union = image.Composite("", true, 8, false, ("b", number, 0), ("", inner, 0));
        uint qualified = image.Modifier(10, union);
        image.Struct("outer", 24, ("a", number, 0), ("", qualified, 64), ("e", number, 128));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.True(types.IsComplete);
        Assert.Equal(
            [0, 8, 8, 12, 16], Offsets(types, "outer.a", "outer.b", "outer.c", "outer.d", "outer.e"));
        Assert.Equal(-1, types.OffsetOf("outer.f"u8));
        Assert.Equal(-1, types.OffsetOf("outer."u8));
        Assert.Equal(-1, types.OffsetOf("outer"u8));
        Assert.Equal(24UL, types.SizeOf("outer"u8));
    }

    [Fact]
    public void APathGoesThroughStructuresTypedefsAndArrays()
    {
        BtfImage image = new();
        uint number = image.Int("long", 8);
        uint element = image.Struct("element", 24, ("x", number, 0), ("y", number, 128));
        uint array = image.Array(element, 7);
        uint named = image.Typedef("holder_t", image.Struct("", 200, ("pad", number, 0), ("many", array, 64)));
        image.Struct("top", 300, ("pointer", image.Pointer(element), 0), ("inside", named, 320));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.Equal(40 + 8 + 16, types.OffsetOf("top.inside.many.y"u8));
        Assert.Equal(8, types.OffsetOf("holder_t.many"u8));
        Assert.True(types.TryFindField("top.inside.many"u8, out BtfField field));
        Assert.Equal((7 * 24UL, "struct element[7]"), (field.Size, BtfText.Of(field.Type)));

        // A pointer is where a structure ends.
        Assert.Equal(-1, types.OffsetOf("top.pointer.x"u8));
        Assert.True(types.TryFindField("top.pointer"u8, out field));
        Assert.Equal((8UL, "struct element *"), (field.Size, BtfText.Of(field.Type)));
    }

    [Fact]
    public void BitFieldsAreOfTwoKinds()
    {
        BtfImage image = new();
        uint word = image.Int("unsigned int", 4);
        uint three = image.Int("unsigned int", 4, bits: 3, offset: 2);
        image.Composite("new_way", false, 8, true, ("whole", word, 0), ("one", word, (1 << 24) | 34), ("five", word, (5 << 24) | 35));
        image.Composite("old_way", false, 8, false, ("whole", word, 0), ("three", three, 32));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        (ulong, uint, int)[] expected = [(0, 0, 0), (34, 1, 4), (35, 5, 4), (0, 0, 0), (34, 3, 4)];
        string[] paths = ["new_way.whole", "new_way.one", "new_way.five", "old_way.whole", "old_way.three"];
        Assert.Equal(expected, paths.Select(p => types.TryFindField(Bytes(p), out BtfField f) ? (f.BitOffset, f.BitSize, f.Offset) : default));
    }

    [Fact]
    public void OfStructuresOfOneNameTheLargestThatHasTheMemberCounts()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        image.Struct("thing", 8, ("x", number, 32));
        image.Struct("thing", 64, ("y", number, 64));
        image.Struct("thing", 32, ("x", number, 96), ("y", number, 128));
        image.Forward("thing");
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.Equal(12, types.OffsetOf("thing.x"u8));
        Assert.Equal(8, types.OffsetOf("thing.y"u8));
        Assert.Equal(64UL, types.SizeOf("thing"u8));
    }

    [Fact]
    public void EnumeratorsAreSignedOrNotAndHave32Or64Bits()
    {
        BtfImage image = new();
        image.Enum("small", false, ("ONE", 1), ("BIG", -1));
        image.Enum("negative", true, ("MINUS", -5));
        image.Enum64("wide", ("HUGE", 0x1234_5678_9ABC_DEF0));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        long Value(string type, string name) => types.TryFindEnumerator(Bytes(type), Bytes(name), out long value) ? value : 0xBAD;
        Assert.Equal(
            [1, 0xFFFF_FFFF, -5, 0x1234_5678_9ABC_DEF0, 0xBAD],
            [Value("small", "ONE"), Value("small", "BIG"), Value("negative", "MINUS"), Value("wide", "HUGE"), Value("wide", "ONE")]);
    }

    [Fact]
    public void ParametersAreFoundByTheirTypes()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        uint mm = image.Pointer(image.Struct("mm_struct", 8, ("x", number, 0)));
        uint task = image.Pointer(image.Modifier(10, image.Struct("task_struct", 8, ("x", number, 0))));
        image.Function("access", image.Prototype(number, ("tsk", task), ("addr", number), ("mm", image.Typedef("mm_t", mm)), ("", 0)));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.Equal(0, types.FindParameter("access"u8, "task_struct"u8));
        Assert.Equal(2, types.FindParameter("access"u8, "mm_struct"u8));
        Assert.Equal(-1, types.FindParameter("access"u8, "file"u8));
        Assert.Equal(-1, types.FindParameter("mm_struct"u8, "mm_struct"u8));
        Assert.True(types.TryFindPrototype("access"u8, out BtfType prototype));
        Assert.Equal(4, prototype.Count);
        Assert.Equal("addr", Encoding.ASCII.GetString(types.TextAt(BtfTypes.ParameterOf(in prototype, 1).NameOffset)));
        Assert.True(types.TryGet(BtfTypes.ParameterOf(in prototype, 0).TypeId, out BtfType first));
        Assert.Equal("const struct task_struct *", BtfText.Of(in first));
    }

    [Fact]
    public void VariablesOfASectionHaveOffsets()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        uint one = image.Variable("one", number);
        uint two = image.Variable("two", number);
        image.Section(".data..percpu", 100, (one, 0x10, 4), (two, 0x20, 8));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.True(types.TryFindVariable(".data..percpu"u8, "two"u8, out uint offset, out uint size));
        Assert.Equal((0x20U, 8U), (offset, size));
        Assert.False(types.TryFindVariable(".data..percpu"u8, "three"u8, out _, out _));
    }

    [Fact]
    public void AModulesTypesContinueTheKernels()
    {
        BtfImage kernel = new();
        uint number = kernel.Int("int", 4);
        uint list = kernel.Struct("list_head", 16, ("next", number, 0), ("prev", number, 64));
        BtfImage module = new(kernel.Next, kernel.TextBytes);
        module.Struct("mine", 40, ("count", number, 0), ("list", list, 64), ("", module.Struct("", 8, ("deep", number, 32)), 192));
        using BtfTypes kernelTypes = BtfImage.Read(kernel.ToArray());
        using BtfTypes types = BtfImage.Read(module.ToArray(), kernelTypes);

        Assert.Equal([0, 8, 16, 28], Offsets(types, "mine.count", "mine.list", "mine.list.prev", "mine.deep"));
        Assert.Equal(8, types.OffsetOf("list_head.prev"u8));
        Assert.True(types.TryFindField("mine.list"u8, out BtfField field));
        Assert.Equal("struct list_head", BtfText.Of(field.Type));
        Assert.Equal(-1, kernelTypes.OffsetOf("mine.count"u8));
    }

    [Fact]
    public void AModulesOwnBaseIsFoundInTheKernels()
    {
        BtfImage kernel = new();
        kernel.Struct("list_head", 24, ("bogus", 1, 0));
        uint number = kernel.Int("int", 4);
        kernel.Struct("list_head", 16, ("next", number, 0), ("prev", number, 64));
        kernel.Struct("declared", 32, ("x", number, 128));
        BtfImage own = new();
        uint ownNumber = own.Int("int", 4);
        uint ownList = own.Struct("list_head", 16);
        uint declared = own.Forward("declared");
        uint gone = own.Struct("gone", 8);
        BtfImage module = new(own.Next, own.TextBytes);
        module.Struct("mine", 40, ("count", ownNumber, 0), ("list", ownList, 64), ("d", declared, 192), ("g", gone, 256));

        using BtfTypes kernelTypes = BtfImage.Read(kernel.ToArray());
        using BtfBaseMap map = new(BtfImage.Read(own.ToArray()), kernelTypes);
        foreach (WorkStep step in map.Build())
            _ = step;
        using BtfTypes types = BtfImage.Read(module.ToArray(), kernelTypes, map);

        Assert.Equal(1, map.Missing);
        Assert.Equal([0, 16, 40], Offsets(types, "mine.count", "mine.list.prev", "mine.d.x"));
        Assert.Equal(-1, types.OffsetOf("mine.g"u8));
    }

    [Fact]
    public void ALongerHeaderIsLegalAndAnUnknownKindEndsTheTypes()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        image.Struct("before", 8, ("x", number, 32));
        image.Float("double", 8);
        image.DeclarationTag("tag", 2);
        image.Modifier(18, number);
        image.Unknown();
        image.Struct("after", 8, ("x", number, 32));
        using BtfTypes types = BtfImage.Read(image.ToArray(head: 40));

        Assert.False(types.IsComplete);
        Assert.Equal(5, types.Count);
        Assert.Equal(4, types.OffsetOf("before.x"u8));
        Assert.Equal(-1, types.OffsetOf("after.x"u8));
    }

    [Fact]
    public void RandomStructuresHaveTheirOffsets() => Gen.Int.Sample(
        seed =>
        {
            Random random = new(seed);
            BtfImage image = new();
            uint number = image.Int("int", 4);
            Dictionary<string, uint> expected = [];
            int names = 0;
            uint Make(int depth, uint at, string name)
            {
                List<(string, uint, uint)> members = [];
                for (int i = random.Next(1, 6); i > 0; i--)
                {
                    uint offset = (uint)random.Next(0, 64) * 32;
                    if (depth < 4 && random.Next(3) == 0)
                    {
                        uint type = Make(depth + 1, at + offset, "");
                        members.Add(("", random.Next(2) == 0 ? image.Modifier((uint)random.Next(9, 12), type) : type, offset));
                    }
                    else
                    {
                        expected["m" + names] = at + offset;
                        members.Add(("m" + names++, number, offset));
                    }
                }

                return image.Composite(name, random.Next(2) == 0, 4096, random.Next(2) == 0, [.. members]);
            }

            Make(0, 0, "root");
            using BtfTypes types = BtfImage.Read(image.ToArray());
            foreach ((string name, uint offset) in expected)
            {
                Assert.True(types.TryFindField(Bytes("root." + name), out BtfField field));
                Assert.Equal(offset, field.BitOffset);
            }
        },
        iter: 200);

    [Fact]
    public void CirclesEnd()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        image.Typedef("self", image.Next);
        image.Typedef("one", image.Next + 1);
        image.Typedef("other", image.Next - 1);
        image.Struct("me", 8, ("", image.Next, 0), ("", image.Next, 0), ("x", number, 0));
        image.Array(image.Next, 5);
        image.Pointer(image.Modifier(10, image.Next));
        image.Struct("far", 8, ("x", 0xFFFF_FFF0, 0), ("y", 0, 0));
        using BtfTypes types = BtfImage.Read(image.ToArray());

        Assert.False(types.TryFindField("self.x"u8, out _));
        Assert.False(types.TryFindField("one.x"u8, out _));
        Assert.False(types.TryFindField("me.y"u8, out _));
        Assert.False(types.TryFindField("far.x"u8, out _));
        for (uint id = 1; id < types.EndId; id++)
        {
            Assert.True(types.TryGet(id, out BtfType type));
            Assert.NotNull(BtfText.Of(in type));
            BtfTypes.SizeOf(in type);
        }
    }

    [Fact]
    public void LookUpsDoNotAllocate()
    {
        using BtfTypes types = BtfImage.Read(Sample().ToArray());
        types.TryFindField("s5.deep"u8, out _);
        long least = long.MaxValue;

        // The runtime itself may allocate while code runs for the first time.
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                if (!types.TryFindField("s5.deep"u8, out _) || types.SizeOf("s7"u8) == 0 || types.FindParameter("f3"u8, "s3"u8) < 0)
                    Assert.Fail("not found");
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void WhateverIsWrongNothingThrowsAndItEnds()
    {
        byte[] sound = Sample().ToArray();
        Gen.Int.Sample(
            seed =>
            {
                Random random = new(seed);
                byte[] bytes = [.. sound];
                for (int i = random.Next(30); i > 0; i--)
                    bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(4));
                Try(bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length));
            },
            iter: 3000);
    }

    [Fact]
    public void TheLargestBaseInMemoryIsFound()
    {
        BtfImage small = new();
        small.Int("int", 4);
        BtfImage module = new(1000, 5000);
        for (int i = 0; i < 1000; i++)
            module.Int("x" + i, 4);
        byte[] wanted = Sample().ToArray();
        using MemoryCopy memory = new(0xFFFF_FFFF_8200_0000, 3 << 20);
        small.ToArray().CopyTo(memory.Bytes[0x1000..]);
        module.ToArray().CopyTo(memory.Bytes[0x8000..]);
        wanted.CopyTo(memory.Bytes[((1 << 20) - 2 & -4)..]);
        BtfFinder finder = new(memory);
        foreach (WorkStep step in finder.Run())
            _ = step;

        using BtfTypes types = finder.Types!;
        Assert.Equal(0xFFFF_FFFF_8200_0000 + (1UL << 20) - 4, finder.Range.Start);
        Assert.Equal((ulong)wanted.Length, finder.Range.Size);
        Assert.Equal(4, types.OffsetOf("s5.deep"u8));
    }

    private static BtfImage Sample()
    {
        BtfImage image = new();
        uint number = image.Int("int", 4);
        for (int i = 0; i < 40; i++)
        {
            uint anonymous = image.Composite("", true, 8, i % 2 == 0, ("deep", number, 0), ("other" + i, image.Array(number, 3), 0));
            uint type = image.Struct("s" + i, 64, ("a", number, 0), ("", anonymous, 32), ("next", image.Pointer(image.Next + 1), 64));
            image.Typedef("t" + i, image.Modifier(9, type));
            image.Function("f" + i, image.Prototype(number, ("x", number), ("s", image.Pointer(type))));
            image.Enum("e" + i, true, ("A" + i, i));
            image.Enum64("w" + i, ("B" + i, (ulong)i << 40));
        }

        image.Section(".data..percpu", 8, (image.Variable("v", number), 4, 4));
        return image;
    }

    private static void Try(ReadOnlySpan<byte> bytes)
    {
        Stopwatch clock = Stopwatch.StartNew();
        if (!BtfHeader.TryRead(bytes, out _))
            return;
        using BtfTypes types = BtfImage.Read(bytes);
        for (uint id = 0; id < types.EndId + 2; id++)
        {
            if (!types.TryGet(id, out BtfType type))
                continue;
            Assert.NotNull(BtfText.Of(in type));
            BtfTypes.SizeOf(in type);
            types.TryFindField(type.Name, "deep"u8, out _);
            types.TryFindEnumerator(type.Name, "A1"u8, out _);
            types.FindParameter(type.Name, "s1"u8);
            types.TryFindVariable(type.Name, "v"u8, out _, out _);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    private static IEnumerable<int> Offsets(BtfTypes types, params string[] paths) => paths.Select(path => types.OffsetOf(Bytes(path)));

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
