using System;
using System.Linq;
using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>The guard of the interrupt descriptor table follows a table that a vCPU may load, or is let load (spec/12, section 5).
/// </summary>
public sealed unsafe class TableFollowingTests
{
    private const int Lidt = 3;
    private const int Lgdt = 2;
    private const ulong Old = RegisterMachine.Data + 0x400;
    private const ulong New = RegisterMachine.Data + 0x800;
    private const GuestOptions Both = GuestOptions.ProtectIdt | GuestOptions.ProtectIdtr;

    [Fact]
    public void OneThatIsRefusedIsNotFollowed()
    {
        using RegisterMachine machine = Machine(Both);
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(Lidt, New, 0xFF));
        AssertGuards(machine, old: true, next: false);
        Assert.Equal(Old, machine.Active.Vcpus[0]->IdtBase);
    }

    [Fact]
    public void OneThatIsLetThroughIsFollowedThereAndBack()
    {
        using RegisterMachine machine = Machine(Both | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, New, 0xFF));
        Assert.Equal((New, (ushort)0xFF), (machine.Active.Vcpus[0]->IdtBase, machine.Active.Vcpus[0]->IdtLimit));
        machine.Regs.IdtBase = New;
        AssertReports(machine, old: false, next: true);

        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, Old, 0xFF));
        AssertReports(machine, old: true, next: false);
        for (int i = 0; i < 100; i++)
        {
            machine.Regs.IdtBase = Old;
            machine.LoadTable(Lidt, New, 0xFF);
            machine.Regs.IdtBase = New;
            machine.LoadTable(Lidt, Old, 0xFF);
        }

        AssertReports(machine, old: true, next: false);
    }

    [Fact]
    public void TheFirstTableOfAVcpuThatComesUpIsFollowed()
    {
        using RegisterMachine machine = Machine(Both, comesUp: true);
        machine.Regs.IdtBase = 0;
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, New, 0xFF));
        AssertGuards(machine, old: false, next: true);
    }

    [Fact]
    public void ATableThatAnotherVcpuHasStaysGuarded()
    {
        using RegisterMachine machine = Machine(Both | GuestOptions.KernelBeta, vcpus: 2);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, New, 0xFF, vcpu: 1));
        AssertReports(machine, old: true, next: true);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, New, 0xFF));
        AssertReports(machine, old: false, next: true);
    }

    [Fact]
    public void ANullTableIsNotFollowed()
    {
        using RegisterMachine machine = Machine(Both);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0, 0));
        AssertGuards(machine, old: true, next: false);
    }

    [Fact]
    public void ATableThatIsNotMappedLeavesTheOneBefore()
    {
        using RegisterMachine machine = Machine(Both | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, 0xFFFF_C000_0000_0000, 0xFF));
        AssertReports(machine, old: true, next: false);
        Assert.Contains(machine.Guest.Log.Lines, line => line.Contains("its new IDT", StringComparison.Ordinal));
    }

    [Fact]
    public void WithoutTheOptionNothingIsHooked()
    {
        using RegisterMachine machine = Machine(GuestOptions.ProtectIdtr | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lidt, New, 0xFF));
        Assert.Equal(0, machine.Guest.WithdrawnFrames);
    }

    [Fact]
    public void TheGlobalTableIsKeptAsAccepted()
    {
        using RegisterMachine machine = Machine(GuestOptions.ProtectGdtr | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(Lgdt, New, 0xFF));
        Assert.Equal(New, machine.Active.Vcpus[0]->GdtBase);
    }

    [Fact]
    public void EverythingIsGivenBack()
    {
        using RegisterMachine machine = Machine(Both | GuestOptions.KernelBeta);
        machine.LoadTable(Lidt, New, 0xFF);
        Assert.Equal(1, machine.Guest.WithdrawnFrames);
        Assert.Equal(IntStatus.Success, machine.Session.Stop(ignoreSafeness: false));
        Assert.Equal(0, machine.Guest.WithdrawnFrames);
    }

    private static RegisterMachine Machine(GuestOptions options, int vcpus = 1, bool comesUp = false)
    {
        RegisterMachine machine = new(options, vcpus: vcpus);
        for (int i = 0; i < vcpus; i++)
        {
            machine.Guest.Regs[i].IdtBase = Old;
            machine.Guest.Regs[i].IdtLimit = 0xFF;
        }

        ulong cr0 = machine.Regs.Cr0;
        if (comesUp)
        {
            machine.Regs.Cr0 = 0x10;
            machine.Regs.IdtBase = 0;
        }

        Assert.Equal(IntStatus.Success, machine.Session.Reset());
        machine.Regs.Cr0 = cr0;
        return machine;
    }

    private static void AssertGuards(RegisterMachine machine, bool old, bool next)
    {
        Assert.Equal(old ? IntroAction.NotAllowed : IntroAction.Allowed, Store(machine, Old));
        Assert.Equal(next ? IntroAction.NotAllowed : IntroAction.Allowed, Store(machine, New));
    }

    /// <summary>The same where everything is only reported.</summary>
    private static void AssertReports(RegisterMachine machine, bool old, bool next)
    {
        foreach ((ulong table, bool guarded) in ((ulong, bool)[])[(Old, old), (New, next)])
        {
            int before = Reported(machine);
            Assert.Equal(IntroAction.Allowed, Store(machine, table));
            Assert.Equal(guarded ? 1 : 0, Reported(machine) - before);
        }
    }

    private static int Reported(RegisterMachine machine) => machine.Guest.Log.Lines.Count(
        line => line.Contains("interrupt descriptor table written", StringComparison.Ordinal));

    private static IntroAction Store(RegisterMachine machine, ulong table) => machine.Exit(
        VcpuStateKind.EptViolation, 0, (ActiveGuest guest, out IntroAction action) =>
        {
            VcpuState* vcpu = guest.Vcpus[0];
            vcpu->ExitFlags = VcpuExitFlags.Data;
            vcpu->ExitDataSize = sizeof(ulong);
            *(ulong*)vcpu->ExitData = 0x55;
            ulong linear = table + 16;
            return guest.EptViolation(vcpu, RegisterMachine.DataFrame + (linear & 0xFFF), linear, EptAccess.Write, out action);
        });
}
