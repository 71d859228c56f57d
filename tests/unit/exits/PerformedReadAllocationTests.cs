using System;
using Engine.Abi;
using Engine.Hooks;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Reads that the engine performs, of memory's bytes and of others, allocate nothing; nor does what it leaves to the
/// hypervisor.</summary>
public sealed unsafe class PerformedReadAllocationTests
{
    private const ulong Source = 0x4010;
    private const ulong Target = 0x5020;
    private const int Rounds = 3000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ExitsAllocateNothing(bool patches)
    {
        using HookMachine machine = new(data: false, glue: FakeGlue.Full());
        machine.MapDirectly();
        machine.Host.KeepJournal = false;
        machine.Host.Log.Keep = false;
        machine.Hooks.Set(Source, 8, EptAccess.Read, machine.Hooks.AddHandler(new Reader(patches)), 1);
        machine.Hooks.Set(Target, 8, EptAccess.Write, machine.Hooks.AddHandler(new Reader(patches: false)), 2);
        machine.Hooks.Commit();

        long least = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int performed = Run(machine, patches);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(patches ? Rounds : Rounds / 4 * 3, performed);
        }

        Assert.Equal(0, least);
    }

    /// <summary>MOV and ADD from memory, MOVSQ, and CALL FAR of memory, which is not emulated (left out with patches, which the test's
    /// glue would keep); returns how many were performed.</summary>
    private static int Run(HookMachine machine, bool patches)
    {
        ReadOnlySpan<byte> mov = [0x48, 0x8B, 0x06, 0x90];
        ReadOnlySpan<byte> add = [0x48, 0x03, 0x06, 0x90];
        ReadOnlySpan<byte> movs = [0x48, 0xA5, 0x90, 0x90];
        ReadOnlySpan<byte> call = [0x48, 0xFF, 0x1E, 0x90];
        int performed = 0;
        for (int i = 0; i < Rounds; i++)
        {
            machine.Ram.WriteBytes(HookMachine.CodeFrame, (i & 3) switch { 0 => mov, 1 => add, 2 => movs, _ => patches ? mov : call });
            machine.Vcpus[0]->Regs.Rsi = HookMachine.DirectMap + Source;
            machine.Vcpus[0]->Regs.Rdi = HookMachine.DirectMap + Target;
            machine.Vcpus[0]->Regs.Rsp = HookMachine.DirectMap + 0x8000;
            performed += machine.Exit(Source, EptAccess.Read) == IntroAction.AllowedVirtual ? 1 : 0;
        }

        return performed;
    }

    private sealed class Reader(bool patches) : IFrameHookHandler
    {
        public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
        {
            if (!patches)
                return IntroAction.Allowed;
            access.TryPatch(access.Gla, [1, 2, 3, 4, 5, 6, 7, 8]);
            return IntroAction.AllowedPatched;
        }

        public void OnOutcome(ref FrameAccess access, in FrameHook hook, IntroAction final)
        {
        }
    }
}
