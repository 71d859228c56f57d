using System;
using Engine.Abi;
using Tests.Unit.Fakes;

namespace Tests.Stress;

/// <summary>One vCPU, on a thread of its own: stores, one after the other, and compares each verdict with the model.</summary>
internal sealed unsafe class StressVcpu(TestMachine machine, StressFrames frames, StressHandler handler, uint vcpu)
{
    private static readonly ulong[] s_offsets = [0, 4, 7, 8, 1024, 2040, 2041, 2048, 2052, 2056, 4088];
    private readonly Random _random = new((int)vcpu + 1);

    /// <summary>Exits made.</summary>
    public long Exits { get; private set; }

    /// <summary>Exits whose verdict the model knew.</summary>
    public long Checked { get; private set; }

    /// <summary>Exits answered NotAllowed.</summary>
    public long Blocked { get; private set; }

    /// <summary>Verdicts other than the model's, or numbers of asked hooks.</summary>
    public long Wrong { get; private set; }

    /// <summary>Bytes of managed memory that the exits allocated.</summary>
    public long Allocated { get; private set; }

    /// <summary>Makes so many exits.</summary>
    public void Run(long exits)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (long i = 0; i < exits; i++)
            Store();
        Allocated += GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Store()
    {
        int frame = _random.Next(StressFrames.Count);
        ulong offset = s_offsets[_random.Next(s_offsets.Length)];
        ulong gpa = (StressFrames.FrameOf(frame) << 12) + offset;
        ulong number = (ulong)++Exits;
        handler.Begin(vcpu, number, gpa);

        long word = frames.WordOf(frame);
        IntroAction action = Exit(gpa, number);
        bool known = !StressFrames.IsChanging(word) && frames.WordOf(frame) == word;
        int touched = StressFrames.Touched(word, offset);
        int asked = handler.AskedOf(vcpu);

        if (known)
        {
            Checked++;
            if (asked != touched || action != (touched == 0 ? IntroAction.Allowed : StressHandler.VerdictOf(number)))
                Wrong++;
        }
        else if (action != (asked == 0 ? IntroAction.Allowed : StressHandler.VerdictOf(number)))
        {
            Wrong++;
        }

        if (action == IntroAction.NotAllowed)
            Blocked++;
    }

    private IntroAction Exit(ulong gpa, ulong number)
    {
        ref IgArchRegs regs = ref machine.Host.Regs[vcpu];
        regs.Rdi = TestMachine.Alias(gpa);
        regs.Rsi = number;
        return machine.Store(gpa, TestMachine.Alias(gpa), new ReadOnlySpan<byte>(&number, sizeof(ulong)), vcpu);
    }
}
