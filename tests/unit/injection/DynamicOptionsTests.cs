using System;
using System.Linq;
using System.Threading;
using Engine.Abi;
using Engine.Protection;
using Engine.Sessions;
using Tests.Unit.Fakes;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>Options that change while the guest runs.</summary>
public sealed unsafe class DynamicOptionsTests
{
    private const GuestOptions All = GuestOptions.Supported & ~GuestOptions.KernelBeta & ~GuestOptions.ProtectIdt;
    private const ulong Smep = 1 << 20;
    private const ulong Umip = 1 << 11;
    private const ulong Gate = TestMachine.IdtFrame + 0x430;

    [Fact]
    public void ProtectionsComeAndGoOneByOne()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        Assert.Equal(["CR4"], machine.Active.Reports.Select(report => report.Name));
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(4, Smep, 0));
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectSyscallMsrs));
        Assert.Equal((false, true), (machine.Host.Enabled["CR4"], machine.Host.Enabled["c0000082"]));
        Assert.Equal((false, true), (machine.Host.Registered["cr"], machine.Host.Registered["msr"]));
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(4, Smep, 0));
        Assert.Equal(IntroAction.NotAllowed, machine.MsrAccess(RegisterMachine.Lstar, 1, 2));
        Assert.Equal(GuestOptions.ProtectSyscallMsrs, machine.Active.Options);
        Assert.Equal(7, machine.Active.Reports.Count);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(All));
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(4, Smep, 0));
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(3, 0xFFFF_1234_0000_0000, 0xFFF));
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.None));
        Assert.Empty(machine.Active.Reports);
        Assert.All(
            machine.Host.Registered.Where(entry => entry.Key is not "timer"), entry => Assert.False(entry.Value, entry.Key));
        Assert.All(machine.Host.Enabled, entry => Assert.False(entry.Value, entry.Key));
    }

    [Fact]
    public void AGuardOutlivesTheOptionOfTheSameRegister()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4, GuardOptions.Cr4Umip);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.None));
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(4, Smep | Umip, Umip));
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(4, Smep | Umip, Smep));
        Assert.True(machine.Host.Enabled["CR4"]);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectCr4));
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(4, Smep | Umip, Umip));
    }

    [Fact]
    public void LogOnlyIsAnOptionLikeOthers()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectCr4 | GuestOptions.KernelBeta));
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(4, Smep, 0));
        Assert.Single(machine.Host.Alerts);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectCr4));
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(4, Smep, 0));
    }

    [Fact]
    public void ATableThatIsGuardedAgainIsTheOneOfThen()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectIdtr);
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(3, 0xFFFF_1234_0000_0000, 0xFFF));
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.None));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(3, 0xFFFF_1234_0000_0000, 0xFFF));
        machine.Regs.IdtBase = 0xFFFF_1234_0000_0000;
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectIdtr));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(3, 0xFFFF_1234_0000_0000, 0xFFF));
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(3, 0xFFFF_FE00_0000_0000, 0xFFF));
    }

    [Fact]
    public void WhatIsComparedOnTheTimerGoesWithItsOption()
    {
        using RegisterMachine machine = new(
            GuestOptions.None, prepare: host => host.Refused.Add("CR4"));
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectCr4));
        Assert.Equal((ProtectionState.Watched, true), (Assert.Single(machine.Active.Reports).State, machine.Host.Registered["timer"]));
        machine.Regs.Cr4 &= ~Smep;
        machine.Active.Timer();
        Assert.Single(machine.Host.Alerts);
        machine.Regs.Cr4 |= Smep;
        machine.Active.Timer();
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.None));
        machine.Regs.Cr4 &= ~Smep;
        machine.Active.Timer();
        Assert.Single(machine.Host.Alerts);
    }

    [Fact]
    public void WhatIsNotBuiltIsLeftOut()
    {
        using RegisterMachine machine = new(GuestOptions.None);
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions((GuestOptions)(1UL << 63) | GuestOptions.ProtectCr4));
        Assert.Equal(GuestOptions.ProtectCr4, machine.Active.Options);
        Assert.Contains(machine.Guest.Log.Lines, line => line.Contains("8000000000000000", StringComparison.Ordinal));
        int queries = machine.Guest.Queries.Sum();
        Assert.Equal(IntStatus.Success, machine.Session.UpdateOptions(GuestOptions.ProtectCr4));
        Assert.Equal(queries, machine.Guest.Queries.Sum());
    }

    [Fact]
    public void ManyChangesLeaveTheTablesAsTheyWere()
    {
        using TestMachine machine = new(GuestOptions.ProtectIdt);
        GuestSession session = machine.Engine.Find(machine.Host.Handle)!;
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(IntStatus.Success, session.UpdateOptions(GuestOptions.None));
            Assert.Equal((0, IntroAction.Allowed), (machine.Host.WithdrawnFrames, machine.Store(Gate, 1)));
            Assert.Equal(IntStatus.Success, session.UpdateOptions(GuestOptions.ProtectIdt));
            Assert.Equal((1, IntroAction.NotAllowed), (machine.Host.WithdrawnFrames, machine.Store(Gate, (ulong)i + 2)));
        }
    }

    [Fact]
    public void AChangeFromInsideAnAlertHolds()
    {
        using TestMachine machine = new(GuestOptions.ProtectIdt);
        GuestSession session = machine.Engine.Find(machine.Host.Handle)!;
        IntStatus status = IntStatus.Unsuccessful;
        machine.Alerts.OnAlert = () => status = session.UpdateOptions(GuestOptions.None);
        machine.Store(Gate, 1);
        machine.Alerts.OnAlert = null;
        Assert.Equal((IntStatus.Success, IntroAction.Allowed), (status, machine.Store(Gate, 1)));
        Assert.Equal(IntStatus.Success, session.UpdateOptions(GuestOptions.ProtectIdt));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(Gate, 1));
    }

    [Fact]
    public void ExitsSeeAllOfAChangeOrNothing()
    {
        // Two protections that are exchanged: at each moment exactly one of them is on.
        using RegisterMachine machine = new(GuestOptions.ProtectCr4, vcpus: 1);
        bool stop = false;
        int both = 0, exits = 0;
        Thread thread = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                GuestOptions options = machine.Active.Options;
                if (options is not (GuestOptions.ProtectCr4 or GuestOptions.ProtectSyscallMsrs))
                    both++;
                machine.CrWrite(4, Smep, 0);
                exits++;
            }
        });
        thread.Start();
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(
                IntStatus.Success,
                machine.Session.UpdateOptions(i % 2 == 0 ? GuestOptions.ProtectSyscallMsrs : GuestOptions.ProtectCr4));
        }

        Volatile.Write(ref stop, true);
        Assert.True(thread.Join(10_000));
        Assert.Equal(0, both);
        Assert.InRange(exits, 1, int.MaxValue);
    }
}
