using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Linear;
using Engine.Hooks.Translations;
using Engine.Memory;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>
/// Random stores to a few tables that lead to each other in every way, loops included: after each store that landed, what every watcher
/// knows is what a walk of the tables finds that shares nothing with the engine, and every hook on linear addresses is where their page is.
/// </summary>
public sealed class TranslationPropertyTests
{
    private const int Tables = 7;
    private const ulong FirstTable = 0x14_0000;

    [Theory]
    [InlineData(nameof(PagingMode.Level4), true)]
    [InlineData(nameof(PagingMode.Level4), false)]
    [InlineData(nameof(PagingMode.Level5), true)]
    [InlineData(nameof(PagingMode.Pae), true)]
    [InlineData(nameof(PagingMode.Pae), false)]
    [InlineData(nameof(PagingMode.Bits32), true)]
    [InlineData(nameof(PagingMode.Bits32), false)]
    public void WhatIsWatchedIsWhatAWalkFinds(string name, bool data)
    {
        PagingMode mode = Enum.Parse<PagingMode>(name);
        Gen.Int[0, int.MaxValue].Sample(seed => Run(mode, data, seed), iter: 200, threads: 1);
    }

    /// <summary>Runs that once came out wrong.</summary>
    [Theory]
    [InlineData(nameof(PagingMode.Level4), true, 63830404)]
    [InlineData(nameof(PagingMode.Level4), true, 1110550812)]
    [InlineData(nameof(PagingMode.Level4), true, 712497158)]
    [InlineData(nameof(PagingMode.Level4), false, 914880770)]
    [InlineData(nameof(PagingMode.Level5), true, 270846578)]
    [InlineData(nameof(PagingMode.Pae), true, 1655541988)]
    [InlineData(nameof(PagingMode.Pae), false, 259163713)]
    public void ARunThatFoundADefectComesOutRight(string mode, bool data, int seed) =>
        Run(Enum.Parse<PagingMode>(mode), data, seed);

    private static void Run(PagingMode mode, bool data, int seed)
    {
        // Stores that the engine performs need 64-bit code; what it then walks by is a table of its own.
        using HookMachine machine = new(data: data, pages: 512, mode: data ? mode : PagingMode.Level4);
        if (!data)
            machine.MapDirectly();
        Model model = new(machine, mode, new Random(seed));
        model.Fill();
        for (int step = 0; step < 60; step++)
            model.Step();
        model.EndAll();
    }

    private sealed class Model(HookMachine machine, PagingMode mode, Random random) : ITranslationHookHandler, IFrameHookHandler
    {
        private const ulong Offset = 0x120;
        private const ulong Elsewhere = 0x2_0000;

        private readonly Dictionary<ulong, ulong> _linear = [];
        private readonly HashSet<(ulong Place, ulong Watch)> _places = [];
        private ushort _frameHandler;
        private readonly Dictionary<ulong, (ulong Linear, PageTranslation Last)> _watches = [];
        private readonly Dictionary<ulong, PageTranslation> _asked = [];
        private ushort _handler;
        private bool _blocks;

        private ulong Root => FirstTable + (mode == PagingMode.Pae ? 0x40UL : 0);

        private PagingContext Paging => PagingContext.Of(mode, Root | (mode >= PagingMode.Level4 ? 0x18UL : 0));

        private int Size => mode == PagingMode.Bits32 ? 4 : 8;

        public void Fill()
        {
            _handler = machine.Translations.AddHandler(this);
            _frameHandler = machine.Hooks.AddHandler(this);
            for (int i = 0; i < 60; i++)
            {
                ulong address = EntryAddress();
                byte[] entry = BitConverter.GetBytes(Entry())[..Size];
                machine.Ram.WriteBytes(address, entry);
            }
        }

        public void Step()
        {
            int kind = random.Next(10);
            if (kind < 2 && _watches.Count < 12)
                Watch();
            else if (kind == 2 && _watches.Count != 0)
                End(_watches.Keys.ElementAt(random.Next(_watches.Count)));
            else
                Store();
            Compare();
        }

        public void EndAll()
        {
            foreach (ulong watch in _watches.Keys.ToArray())
                End(watch);
            machine.Hooks.Commit();
            Assert.Equal(0, machine.Linear.Count);
            Assert.Equal(0, machine.Host.WithdrawnFrames);
            Assert.Equal(0, machine.Hooks.Map.Count);
        }

        public IntroAction OnChange(ref FrameAccess access, in TranslationChange change)
        {
            Assert.False(change.IsObserved);
            (ulong linear, PageTranslation last) = _watches[change.Watch];
            Assert.Equal((linear, Root), (change.Linear, change.Root));
            Assert.True(last.IsSameAs(change.Old, withNoExecute: true), "the chain of changes has a gap");
            Assert.False(change.Old.IsSameAs(change.New, withNoExecute: true), "nothing changes");
            Assert.True(_asked.TryAdd(change.Watch, change.New), "asked twice");
            return _blocks ? IntroAction.NotAllowed : IntroAction.Allowed;
        }

        public void OnChanged(in TranslationChange change)
        {
            Assert.True(_asked.Remove(change.Watch, out PageTranslation asked), "told without being asked");
            Assert.Equal(asked, change.New);
            _watches[change.Watch] = (change.Linear, change.New);
        }

        public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook) => IntroAction.Allowed;

        public void OnDropped(in TranslationChange change) => Assert.True(_asked.Remove(change.Watch));

        private void Watch()
        {
            ulong linear = Linear();
            IntStatus status = machine.Translations.Watch(
                Paging, linear, _handler, 0, TranslationWatchFlags.NoExecute, out ulong watch);
            Assert.Equal(IntStatus.Success, status);
            Assert.True(machine.Translations.TryGet(watch, out PageTranslation now));
            _watches.Add(watch, (linear & ~0xFFFUL, now));

            status = machine.Linear.Set(
                Paging, (linear & ~0xFFFUL) + Offset, 4, EptAccess.Read, _frameHandler, watch, LinearHookFlags.None, 0, out ulong hook);
            Assert.Equal(IntStatus.Success, status);
            _linear.Add(watch, hook);
            machine.Hooks.Commit();
        }

        private void End(ulong watch)
        {
            Assert.True(machine.Translations.Unwatch(watch));
            Assert.True(machine.Linear.Remove(_linear[watch]));
            _linear.Remove(watch);
            _watches.Remove(watch);
        }

        private void Store()
        {
            _blocks = random.Next(6) == 0;
            ulong gpa = EntryAddress();
            byte[] bytes = BitConverter.GetBytes(Entry());
            switch (machine.IsDataMode ? random.Next(5) : 0)
            {
                case 0 when Size == 4 && machine.IsDataMode:
                    bytes = bytes[..4];
                    break;
                case 1:
                    // Half an entry, or any few bytes of one.
                    int start = random.Next(Size);
                    bytes = bytes[start..(start + 1 + random.Next(Size - start))];
                    gpa += (ulong)start;
                    break;
                case 2:
                    // Several entries.
                    bytes = [.. Enumerable.Range(0, 1 + random.Next(64 / Size)).SelectMany(_ => BitConverter.GetBytes(Entry())[..Size])];
                    break;
                case 3:
                    // Across the borders of entries.
                    bytes = [.. Enumerable.Range(0, 16 / Size).SelectMany(_ => BitConverter.GetBytes(Entry())[..Size])];
                    gpa -= (ulong)random.Next(Size);
                    break;
                default:
                    bytes = bytes[..Size];
                    break;
            }

            if (gpa < FirstTable)
                return;
            byte[] before = [.. Enumerable.Range(0, bytes.Length).Select(i => machine.Ram.Read<byte>(gpa + (ulong)i))];
            IntroAction action;
            if (machine.IsDataMode)
            {
                action = machine.Store(gpa, bytes);
            }
            else
            {
                // mov [rdi], rsi has 8 bytes: the neighbour of an entry of 4 is written as it is.
                byte[] whole = new byte[8];
                for (int i = 0; i < 8; i++)
                    whole[i] = i < bytes.Length ? bytes[i] : machine.Ram.Read<byte>(gpa + (ulong)i);
                action = machine.Execute(gpa, BitConverter.ToUInt64(whole));
            }

            Assert.Empty(_asked);
            Assert.True(action is IntroAction.Allowed or IntroAction.AllowedVirtual || _blocks, $"{action}");
            if (action == IntroAction.NotAllowed)
                Assert.Equal(before, Enumerable.Range(0, bytes.Length).Select(i => machine.Ram.Read<byte>(gpa + (ulong)i)));
        }

        private void Compare()
        {
            // At the next exit what the last store has let go of is let go by the hooks, too.
            machine.Store(Elsewhere, 1);
            HashSet<(ulong Place, ulong Watch)> places = [];
            foreach ((ulong watch, (ulong linear, PageTranslation last)) in _watches)
            {
                ReferenceTranslation expected = ReferenceWalk.Translate(
                    machine.Ram, mode, Root, pse: true, nxe: mode != PagingMode.Bits32, physicalBits: 52, linear);
                Assert.True(machine.Translations.TryGet(watch, out PageTranslation now));
                bool isPresent = expected.Status == IntStatus.Success;
                Assert.True(isPresent == now.IsPresent, $"{linear:x}: {expected.Status}, {now}");
                Assert.Equal(isPresent ? expected.Physical & ~0xFFFUL : 0, now.Physical);
                Assert.Equal(isPresent ? expected.PageSize : 0, now.Size);
                if (isPresent)
                    Assert.Equal(Rights(expected), now.Flags);
                Assert.Equal(isPresent, machine.Linear.TryFindPlace(_linear[watch], out ulong place));
                if (isPresent)
                {
                    Assert.Equal(now.Physical + Offset, place);
                    places.Add((place, watch));
                }

                Assert.True(last.IsSameAs(in now, withNoExecute: true), "not told of a change");
                foreach ((ulong address, _) in expected.Trace)
                    Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(address & ~0xFFFUL) & EptAccess.Write);
            }

            _places.UnionWith(places);
            foreach ((ulong place, ulong watch) in _places)
                Assert.Equal(places.Contains((place, watch)) ? 1 : 0, HooksAt(place, watch));
            machine.Hooks.Commit();
            foreach ((ulong place, _) in places)
                Assert.Equal(EptAccess.Read, machine.Host.Withdrawn(place & ~0xFFFUL) & EptAccess.Read);
        }

        private unsafe int HooksAt(ulong place, ulong watch)
        {
            int count = 0;
            foreach (FrameHook* hook in machine.Hooks.Map.On(place >> 12))
                count += hook->Handler == _frameHandler && hook->Cookie == watch && hook->Start == (place & 0xFFF) ? 1 : 0;
            return count;
        }

        private static TranslationFlags Rights(ReferenceTranslation found) => TranslationFlags.Present |
            (found.IsWritable ? TranslationFlags.Writable : TranslationFlags.None) |
            (found.IsUser ? TranslationFlags.User : TranslationFlags.None) |
            (!found.IsExecutable ? TranslationFlags.NoExecute : TranslationFlags.None);

        /// <summary>An address whose indices are few, so that watches share tables, and tables lead to each other.</summary>
        private ulong Linear()
        {
            ulong linear = 0;
            int levels = mode switch { PagingMode.Level5 => 5, PagingMode.Level4 => 4, PagingMode.Pae => 3, _ => 2 };
            for (int level = 1; level <= levels; level++)
            {
                int bits = mode == PagingMode.Bits32 ? 10 : 9;
                linear |= (ulong)Index(level == 3 && mode == PagingMode.Pae) << (12 + (bits * (level - 1)));
            }

            int width = 12 + (9 * levels);
            return mode < PagingMode.Level4 ? linear : (ulong)((long)(linear << (64 - width)) >> (64 - width));
        }

        private int Index(bool pointer) => pointer ? random.Next(4)
            : mode == PagingMode.Bits32 ? random.Next(3) switch { 0 => 0, 1 => 1, _ => 1023 }
            : random.Next(4) switch { 0 => 0, 1 => 1, 2 => 256, _ => 511 };

        private ulong EntryAddress()
        {
            int table = random.Next(Tables);
            return table == 0 && mode == PagingMode.Pae
                ? Root + ((ulong)random.Next(4) * 8)
                : FirstTable + ((ulong)table << 12) + (ulong)(Index(pointer: false) * Size);
        }

        private ulong Entry()
        {
            // Mostly tables, that ways may be long.
            ulong entry = random.Next(8) switch
            {
                0 => 0,
                1 => (ulong)random.NextInt64() & ~1UL,
                2 => (ulong)random.Next(0x80) << 12,
                3 => ((ulong)random.Next(0x80) << 12) | PageTables.LargePage,
                4 => ((ulong)random.Next(4) << 30) | PageTables.LargePage,
                _ => FirstTable + ((ulong)(1 + random.Next(Tables - 1)) << 12),
            };
            if (random.Next(8) != 0)
                entry |= 1;
            if (random.Next(4) != 0 && mode != PagingMode.Pae)
                entry |= 6;
            else if (random.Next(2) == 0)
                entry |= (ulong)random.Next(4) << 1;
            entry |= (ulong)random.Next(4) << 5;
            return random.Next(8) == 0 ? entry | PageTables.NoExecute : entry;
        }
    }
}
