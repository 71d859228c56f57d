using System.Linq;
using Engine.Abi;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Which writes to control and model-specific registers are let through.</summary>
public sealed unsafe class RegisterProtectionTests
{
    private const ulong Pe = 1;
    private const ulong Ts = 8;
    private const ulong Wp = 1 << 16;
    private const ulong Pg = 1UL << 31;
    private const ulong Umip = 1 << 11;
    private const ulong Smep = 1 << 20;
    private const ulong Smap = 1 << 21;
    private const ulong Pge = 1 << 7;

    [Theory]
    [InlineData(Wp)]
    [InlineData(Pe)]
    [InlineData(Pg)]
    [InlineData(Wp | Pg)]
    public void ClearingAGuardedBitOfCr0IsBlocked(ulong cleared)
    {
        using RegisterMachine machine = new(GuestOptions.None, GuardOptions.Cr0Wp);
        machine.Ram.WriteBytes(0x10000, [0x0F, 0x22, 0xC0]);
        ulong old = Pe | Wp | Pg;
        Assert.Equal(IntroAction.NotAllowed, machine.CrWrite(0, old, old & ~cleared));

        (IntroEventType type, EventRegisterViolation alert) = Assert.Single(machine.Host.Alerts);
        Assert.Equal(IntroEventType.CrViolation, type);
        Assert.Equal(0u, alert.Victim);
        Assert.Equal(old, alert.WriteInfo.OldValue[0]);
        Assert.Equal(old & ~cleared, alert.WriteInfo.NewValue[0]);
        Assert.Equal(8u, alert.WriteInfo.Size);
        Assert.Equal(RegisterMachine.CodeLinear, alert.Header.CpuContext.Rip);
        Assert.Equal(IntroAction.NotAllowed, alert.Header.Action);
        Assert.Equal(AlertFlags.None, alert.Header.Flags);
        Assert.Equal("0f 22 c0  mov", TextOf(in alert));
    }

    [Fact]
    public void OtherBitsOfCr0AreTheGuests()
    {
        using RegisterMachine machine = new(GuestOptions.None, GuardOptions.Cr0Wp);
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(0, Pe | Wp | Pg | Ts, Pe | Wp | Pg));
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(0, Pe, Pe | Wp | Pg));
        Assert.Empty(machine.Host.Alerts);
    }

    [Fact]
    public void EachBitOfCr4HasItsOwnOption()
    {
        using RegisterMachine reference = new(GuestOptions.ProtectCr4);
        Assert.Equal(IntroAction.NotAllowed, reference.CrWrite(4, Smep | Smap | Umip | Pge, Smap | Umip | Pge));
        Assert.Equal(IntroAction.NotAllowed, reference.CrWrite(4, Smep | Smap | Umip | Pge, Smep | Umip | Pge));
        Assert.Equal(IntroAction.Allowed, reference.CrWrite(4, Smep | Smap | Umip | Pge, Smep | Smap | Pge));
        Assert.Equal(IntroAction.Allowed, reference.CrWrite(4, Smep | Smap | Umip | Pge, Smep | Smap | Umip));

        using RegisterMachine ours = new(GuestOptions.None, GuardOptions.Cr4Umip);
        Assert.Equal(IntroAction.Allowed, ours.CrWrite(4, Smep | Smap | Umip, Umip));
        Assert.Equal(IntroAction.NotAllowed, ours.CrWrite(4, Smep | Smap | Umip, Smep | Smap));
    }

    [Fact]
    public void ASystemCallRegisterMayBeSetOnce()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectSyscallMsrs);
        uint[] guarded = [0xC000_0081, 0xC000_0082, 0xC000_0083, 0xC000_0084, 0x174, 0x175, 0x176];
        foreach (uint msr in guarded)
        {
            Assert.True(machine.Host.Enabled[$"{msr:x}"], $"{msr:x} exits");
            Assert.Equal(IntroAction.Allowed, machine.MsrAccess(msr, 0, 0x1234));
            Assert.Equal(IntroAction.Allowed, machine.MsrAccess(msr, 0x1234, 0x1234));
            Assert.Equal(IntroAction.NotAllowed, machine.MsrAccess(msr, 0x1234, 0x1235));
            Assert.Equal(IntroAction.NotAllowed, machine.MsrAccess(msr, 0x1234, 0));
            Assert.Equal(IntroAction.Allowed, machine.MsrAccess(msr, 0x1234, 0x1235, MsrAccess.Read));
            Assert.Equal(IntStatus.NotFound, machine.Status);
        }

        Assert.Equal(guarded.SelectMany(msr => new[] { msr, msr }), machine.Host.Alerts.Select(entry => entry.Alert.Victim));
        Assert.All(machine.Host.Alerts, entry => Assert.Equal(IntroEventType.MsrViolation, entry.Type));
    }

    [Fact]
    public void NxStaysOn()
    {
        using RegisterMachine machine = new(GuestOptions.None, GuardOptions.EferNxe);
        Assert.Equal(IntroAction.NotAllowed, machine.MsrAccess(0xC000_0080, 0xD01, 0x501));
        Assert.Equal(IntroAction.Allowed, machine.MsrAccess(0xC000_0080, 0xD01, 0xD00));
        Assert.Equal(IntroAction.Allowed, machine.MsrAccess(0xC000_0080, 0x501, 0xD01));
    }

    [Fact]
    public void LogOnlyAlertsAndLetsItHappen()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4 | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(4, Smep, 0));
        EventRegisterViolation alert = Assert.Single(machine.Host.Alerts).Alert;
        Assert.Equal(IntroAction.NotAllowed, alert.Header.Action);
        Assert.Equal(AlertFlags.Beta, alert.Header.Flags);
    }

    [Fact]
    public void WhatNobodyHookedIsNotFound()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        Assert.Equal(IntroAction.Allowed, machine.CrWrite(0, Pe | Wp, Pe));
        Assert.Equal(IntStatus.NotFound, machine.Status);
        Assert.Equal(IntroAction.Allowed, machine.MsrAccess(RegisterMachine.Lstar, 1, 2));
        Assert.Equal(IntStatus.NotFound, machine.Status);
    }

    internal static string TextOf(in EventRegisterViolation alert)
    {
        fixed (byte* text = alert.Header.CpuContext.Instruction)
            return System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)text)!;
    }
}
