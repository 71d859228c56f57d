using System.Linq;
using Engine.Abi;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Which exits are enabled and which handlers are registered, and that all of it is given back.</summary>
public sealed class RegisterHooksTests
{
    private const GuestOptions All = GuestOptions.ProtectCr4 | GuestOptions.ProtectSyscallMsrs | GuestOptions.ProtectIdtr |
        GuestOptions.ProtectGdtr;

    [Fact]
    public void OnlyWhatIsGuardedExits()
    {
        using RegisterMachine machine = new(GuestOptions.ProtectCr4);
        Assert.Equal(["CR4"], machine.Host.Enabled.Where(entry => entry.Value).Select(entry => entry.Key));
        Assert.Equal(["cr", "timer"], machine.Host.Registered.Where(entry => entry.Value).Select(entry => entry.Key));
    }

    [Fact]
    public void EverythingIsGivenBack()
    {
        using RegisterMachine machine = new(All, GuardOptions.Supported);
        Assert.Equal(10, machine.Host.Enabled.Count(entry => entry.Value));
        Assert.Equal(["cr", "dtr", "msr", "timer"], machine.Host.Registered.Where(entry => entry.Value).Select(entry => entry.Key).Order());
        Assert.Equal(IntStatus.Success, machine.Session.Stop(ignoreSafeness: false));
        Assert.DoesNotContain(true, machine.Host.Enabled.Values);
        Assert.DoesNotContain(true, machine.Host.Registered.Values);
    }

    [Fact]
    public void AnExitThatWasEnabledBeforeStaysEnabled()
    {
        using RegisterMachine machine = new(All, prepare: host => host.Enabled["c0000082"] = true);
        Assert.Equal(IntStatus.Success, machine.Session.Stop(ignoreSafeness: false));
        Assert.Equal(["c0000082"], machine.Host.Enabled.Where(entry => entry.Value).Select(entry => entry.Key));
    }

    [Fact]
    public void AResetSetsThemAnew()
    {
        using RegisterMachine machine = new(All, GuardOptions.Supported);
        machine.Regs.IdtBase = 0xFFFF_FE00_0000_8000;
        Assert.Equal(IntStatus.Success, machine.Session.Reset());
        Assert.Equal(10, machine.Host.Enabled.Count(entry => entry.Value));
        Assert.Equal(IntroAction.Allowed, machine.LoadTable(3, 0xFFFF_FE00_0000_8000, 0xFFF));
        Assert.Equal(IntroAction.NotAllowed, machine.LoadTable(3, 0xFFFF_FE00_0000_0000, 0xFFF));
    }
}
