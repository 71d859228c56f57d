using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>An exit allocates nothing, whatever becomes of it. The published library is measured by tests/native.</summary>
public sealed class AllocationTests
{
    private const ulong Gate = TestMachine.IdtFrame + 0x430;
    private const ulong Outside = TestMachine.IdtFrame + 0x800;

    [Fact]
    public void AHundredThousandMixedExitsAllocateNothing()
    {
        using TestMachine machine = new(vcpus: 2, quiet: true);
        Run(machine, 1000);
        int alerts = machine.Alerts.Count;
        long before = GC.GetAllocatedBytesForCurrentThread();
        int blocked = Run(machine, 100_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100_000 / 10 * 6, blocked);
        Assert.InRange(alerts, 100, int.MaxValue);
        Assert.InRange(machine.Alerts.Count, alerts, int.MaxValue);
    }

    [Fact]
    public void EveryOneOfManyAlertsAllocatesNothing()
    {
        // A machine of its own each time, so that none of the alerts is dropped.
        using TestMachine warm = new(quiet: true);
        for (int i = 0; i < 50; i++)
            warm.Store(Gate, 1);
        using TestMachine machine = new(quiet: true);
        machine.Code(0x48, 0x89, 0x37);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
            machine.Store(Gate, 1);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(200, machine.Alerts.Count);
    }

    private static int Run(TestMachine machine, int exits)
    {
        ReadOnlySpan<byte> mov = [0x48, 0x89, 0x37];
        ReadOnlySpan<byte> repStos = [0xF3, 0xAA, 0x90];
        ReadOnlySpan<byte> movups = [0x0F, 0x11, 0x07];
        ReadOnlySpan<byte> invalid = [0x06, 0x06, 0x06];
        ReadOnlySpan<byte> sixteen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        int blocked = 0;
        for (int i = 0; i < exits; i++)
        {
            machine.Pushes = (i & 16) == 0 ? VcpuRegisters.Sufficient : VcpuRegisters.None;
            machine.Regs.Rdi = TestMachine.Alias(Gate);
            machine.Regs.Rsi = (ulong)i | 1;
            machine.Code((i % 10) switch { 4 => repStos, 5 => movups, 6 => invalid, _ => mov });
            IntroAction action = (i % 10) switch
            {
                0 => machine.Store(Outside, 1),
                1 => machine.Store(Gate, 0),
                2 => machine.Store(Gate, (ulong)i | 1),
                3 => machine.Refetch(Gate, TestMachine.Alias(Gate)),
                4 => machine.Refetch(Gate, TestMachine.Alias(Gate)),
                5 => machine.Store(Gate, TestMachine.Alias(Gate), sixteen),
                6 => machine.Refetch(Gate, TestMachine.Alias(Gate)),
                7 => machine.Exit(Gate, TestMachine.Alias(Gate), EptAccess.Read, [], 1),
                8 => Device(machine, Gate, sixteen),
                _ => machine.Refetch(0x30000, TestMachine.Alias(0x30000)),
            };
            blocked += action == IntroAction.NotAllowed ? 1 : 0;
        }

        return blocked;
    }

    private static IntroAction Device(TestMachine machine, ulong gpa, ReadOnlySpan<byte> data)
    {
        machine.Guest.DeviceStore(gpa, data, out IntroAction action);
        return action;
    }
}
