using System;
using System.Threading;
using Engine.Abi;
using Engine.Hooks;
using Tests.Unit;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Stress;

/// <summary>Another vCPU changes the code, whole instructions and single bytes, while exits of it are handled: what lands in memory is
/// always what the handler was asked about.</summary>
[Collection(nameof(AloneCollection))]
public sealed unsafe class SwappedCodeTests(ITestOutputHelper output)
{
    private const int Exits = 300_000;
    private const ulong Target = 0x5020;
    private const byte Forbidden = 0x22;

    /// <summary>Eight bytes each: MOV of an allowed and of a forbidden number, ADD of either, LOCK ADD, a load, and SLDT, which is not
    /// emulated; with NOPs.</summary>
    private static readonly ulong[] s_code =
    [
        0x9011_1111_1107_C748, 0x9022_2222_2207_C748, 0x9011_1111_1107_8148, 0x9000_0000_2207_8148,
        0x9090_9001_0783_48F0, 0x9090_9090_9007_8B48, 0x9090_9090_9007_000F,
    ];

    private readonly ScriptedHandler _handler = new();
    private readonly byte[] _judged = new byte[8];
    private int _judgedLength;
    private bool _ends;
    private long _swaps;

    [Fact]
    public void WhatTheEnginePerformsIsWhatWasJudged()
    {
        using HookMachine machine = Machine(data: false);
        int performed = 0;
        int refused = 0;
        Race(machine, () =>
        {
            ulong before = machine.Ram.Read<ulong>(Target) & 0xFF;
            machine.Ram.Write(Target, before);
            machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Target;
            machine.Vcpus[0]->Regs.Rax = 0;
            _judgedLength = 0;
            IntroAction action = machine.Exit(Target, EptAccess.Write);
            ulong after = machine.Ram.Read<ulong>(Target);
            Assert.NotEqual(IntroAction.Allowed, action);
            if (action == IntroAction.AllowedVirtual)
            {
                Assert.NotEqual(0, _judgedLength);
                Span<byte> expected = BitConverter.GetBytes(before);
                _judged.AsSpan(0, _judgedLength).CopyTo(expected);
                Assert.Equal(BitConverter.ToUInt64(expected), after);
                Assert.NotEqual(Forbidden, (byte)after);
                performed++;
                return;
            }

            Assert.Equal(before, after);
            refused++;
        });
        output.WriteLine($"{_swaps} changes of the code during {Exits} exits: {performed} performed, {refused} refused or tried again");
        Assert.InRange(performed, Exits / 100, Exits);
        Assert.InRange(refused, Exits / 100, Exits);
    }

    [Fact]
    public void WhatTheExitCarriesIsWhatIsJudged()
    {
        using HookMachine machine = Machine(data: true);
        int refused = 0;
        ulong value = 0;
        Race(machine, () =>
        {
            value = (value * 0x5851_F42D_4C95_7F2D) + 0x1405_7B7E_F767_814F;
            byte first = (value & 0x100) != 0 ? Forbidden : (byte)0x11;
            ulong stored = (value & ~0xFFUL) | first;
            machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Target;
            machine.Vcpus[0]->Regs.Rsi = stored;
            ulong before = machine.Ram.Read<ulong>(Target);
            _judgedLength = 0;
            IntroAction action = machine.Store(Target, stored);
            Assert.Equal(sizeof(ulong), _judgedLength);
            Assert.Equal(stored, BitConverter.ToUInt64(_judged));
            Assert.Equal(first == Forbidden ? IntroAction.NotAllowed : IntroAction.Allowed, action);
            Assert.Equal(first == Forbidden ? before : stored, machine.Ram.Read<ulong>(Target));
            refused += first == Forbidden ? 1 : 0;
        });
        output.WriteLine($"{_swaps} changes of the code during {Exits} exits, {refused} refused");
        Assert.InRange(refused, Exits / 3, 2 * Exits / 3);
    }

    private HookMachine Machine(bool data)
    {
        HookMachine machine = new(data: data, glue: FakeGlue.Full());
        machine.MapDirectly();
        machine.Host.KeepJournal = false;
        machine.Host.Log.Keep = false;
        _handler.Judge = (ref FrameAccess access, in FrameHook _) =>
        {
            _judgedLength = Math.Min(access.Data.Length, _judged.Length);
            access.Data[.._judgedLength].CopyTo(_judged);
            return _judgedLength == 0 || _judged[0] == Forbidden ? IntroAction.NotAllowed : IntroAction.Allowed;
        };
        machine.Hooks.Set(Target, 8, EptAccess.Write, machine.Hooks.AddHandler(_handler), 1);
        machine.Hooks.Commit();
        return machine;
    }

    private void Race(HookMachine machine, Action exit)
    {
        ulong* code = (ulong*)machine.Ram.At(HookMachine.CodeFrame);
        *code = s_code[0];
        Thread swapper = new(() => Swap(code));
        swapper.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref _swaps) != 0);
        try
        {
            for (int i = 0; i < Exits; i++)
                exit();
        }
        finally
        {
            Volatile.Write(ref _ends, value: true);
            swapper.Join();
        }

        Assert.InRange(_swaps, 1000, long.MaxValue);
    }

    private void Swap(ulong* code)
    {
        Random random = new(7);
        while (!Volatile.Read(ref _ends))
        {
            ulong next = s_code[random.Next(s_code.Length)];
            if (random.Next(2) == 0)
            {
                Volatile.Write(ref *code, next);
            }
            else
            {
                for (int i = 0; i < sizeof(ulong); i++)
                    Volatile.Write(ref ((byte*)code)[i], (byte)(next >> (8 * i)));
            }

            Volatile.Write(ref _swaps, _swaps + 1);
            Thread.SpinWait(random.Next(40));
        }
    }
}
