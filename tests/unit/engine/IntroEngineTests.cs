using System;
using Engine;
using Engine.Abi;
using Engine.Memory;
using Engine.Sessions;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Guests come, go, and do not know of each other.</summary>
public sealed unsafe class IntroEngineTests
{
    private const ulong Gate = TestMachine.IdtFrame + 0x430;

    [Fact]
    public void AGuestStartsOnceAndStopsOnce()
    {
        using TestMachine machine = new();
        Assert.Equal(
            IntStatus.AlreadyInitializedHint, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        Assert.Equal(1, machine.Host.Registrations);
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal((1, 1, 0), (machine.Host.Activations, machine.Host.Deactivations, machine.Host.WithdrawnFrames));
        Assert.Equal(IntStatus.NotNeededHint, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal(1, machine.Host.Deactivations);
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        Assert.Equal(IntroAction.NotAllowed, machine.Store(Gate, 1));
    }

    [Fact]
    public void NobodyIsFoundBehindTheNullHandle()
    {
        using TestMachine machine = new();
        Assert.Equal(IntStatus.InvalidParameter1, machine.Engine.NewGuest(0, GuestOptions.None, null, 0));
        Assert.Equal(IntStatus.InvalidParameter1, machine.Engine.Disable(0));
        Assert.Equal(IntStatus.NotNeededHint, machine.Engine.Disable(0x7777_7777));
    }

    [Theory]
    [InlineData(0U)]
    [InlineData((uint)Limits.MaxVcpus + 1)]
    [InlineData(uint.MaxValue)]
    public void AnImpossibleNumberOfVcpusIsRefusedAndForgotten(uint vcpus)
    {
        using TestMachine machine = new(start: false);
        machine.Host.VcpuCount = vcpus;
        Assert.Equal(IntStatus.NotSupported, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        Assert.Null(machine.Engine.Find(machine.Host.Handle)!.Active);
        Assert.Empty(machine.Host.Journal);
        machine.Host.VcpuCount = 1;
        machine.Host.QueryAnswers[(int)QueryInfoClass.CpuCount] = IntStatus.AccessDenied;
        Assert.Equal(IntStatus.AccessDenied, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
        machine.Host.QueryAnswers[(int)QueryInfoClass.CpuCount] = IntStatus.Success;
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.ProtectIdt, null, 0));
    }

    [Fact]
    public void AGuestThatNeverStartedLeavesNothing()
    {
        using TestMachine machine = new(start: false);
        Assert.Equal(IntStatus.Success, machine.Engine.RemoveMemory(machine.Host.Handle, 0, machine.Ram.Size));
        Assert.Null(machine.Engine.Find(machine.Host.Handle));
        machine.Host.VcpuCount = 0;
        byte support = 0;
        Assert.Equal(IntStatus.NotSupported, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, &support, 1));
        Assert.Equal(1, machine.Host.Releases);
        Assert.Null(machine.Engine.Find(machine.Host.Handle));
        Assert.Equal(IntStatus.NotFound, machine.Engine.RemoveMemory(machine.Host.Handle, 0, machine.Ram.Size));
    }

    [Fact]
    public void TwoGuestsAreIndependent()
    {
        using TestMachine guarded = new();
        using TestMachine open = new(GuestOptions.None);
        using TestMachine logging = new(GuestOptions.ProtectIdt | GuestOptions.KernelBeta);
        Assert.Equal(IntroAction.NotAllowed, guarded.Store(Gate, 1));
        Assert.Equal(IntroAction.Allowed, open.Store(Gate, 1));
        Assert.Equal(IntroAction.Allowed, logging.Store(Gate, 1));
        Assert.Equal((1, 0, 1), (guarded.Alerts.Count, open.Alerts.Count, logging.Alerts.Count));
        Assert.Equal((1UL, 1UL), (guarded.Record.EventId, open.Record.EventId));
    }

    [Fact]
    public void TwoGuestsOfOneEngineAreIndependent()
    {
        using TestMachine first = new();
        FakeHypervisor other = new(vcpus: 2);
        Assert.Equal(IntStatus.Success, first.Engine.NewGuest(other.Handle, GuestOptions.ProtectIdt, null, 0));
        ActiveGuest second = first.Engine.Find(other.Handle)!.Active!;
        Assert.Equal(2, second.Vcpus.Count);
        Assert.Equal(IntStatus.Success, second.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.Equal(IntroAction.NotAllowed, first.Store(Gate, 1));
        second.EptViolation(0, Gate, 0, EptAccess.Write, out IntroAction action);
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Equal(IntStatus.Success, first.Engine.Disable(first.Host.Handle));
        second.Leave(0, action);
        Assert.Equal(IntStatus.Success, second.Enter(1, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        second.Leave(1, action);
        Assert.Equal(IntStatus.Success, first.Engine.Disable(other.Handle));
        Assert.Null(first.Engine.Find(other.Handle));
        other.Forget();
    }

    [Fact]
    public void AGuestWithAnExitInsideCannotBeStoppedYet()
    {
        using TestMachine machine = new();
        ActiveGuest guest = machine.Guest;
        Assert.Equal(IntStatus.Success, guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.Equal(IntStatus.CannotUnload, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal(1, machine.Host.WithdrawnFrames);
        guest.Leave(0, IntroAction.Allowed);

        // New exits are turned away meanwhile.
        Assert.Equal(IntStatus.NotInitializedHint, guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        guest.DeviceStore(Gate, [1], out IntroAction action);
        Assert.Equal(IntroAction.Allowed, action);
        Assert.Equal(IntStatus.Busy, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, null, 0));
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal((0, 0), (machine.Host.WithdrawnFrames, machine.Host.RegisteredHandler));
    }

    [Fact]
    public void StoppingFromInsideAnExitIsRefused()
    {
        using TestMachine machine = new();
        IntStatus fromInside = IntStatus.Success;
        machine.Alerts.OnAlert = () => fromInside = machine.Engine.Disable(machine.Host.Handle);
        Assert.Equal(IntroAction.NotAllowed, machine.Store(Gate, 1));
        Assert.Equal(IntStatus.CannotUnload, fromInside);
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
    }

    [Fact]
    public void DeclaredMemoryOutlivesAStopAndIsNotReadAfterItsRemoval()
    {
        using TestMachine machine = new();
        Assert.Equal(IntStatus.NotFound, machine.Engine.RemoveMemory(machine.Host.Handle, 0, 4096));
        ActiveGuest guest = machine.Guest;
        Assert.Equal(IntStatus.Success, guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.Equal(IntStatus.Busy, machine.Engine.RemoveMemory(machine.Host.Handle, 0, machine.Ram.Size));
        guest.Leave(0, IntroAction.Allowed);
        Assert.Equal(IntStatus.Success, machine.Engine.RemoveMemory(machine.Host.Handle, 0, machine.Ram.Size));
        Assert.Equal(IntStatus.NotFound, machine.Engine.RemoveMemory(machine.Host.Handle, 0, machine.Ram.Size));

        // Bytes that cannot be compared are not those that are there.
        Assert.Equal(IntroAction.NotAllowed, machine.Store(Gate, 0));
    }

    [Fact]
    public void ConfigurationComesBeforeTheStart()
    {
        using TestMachine machine = new(start: false);
        IntroGuestConfig config = new() { Size = 16, StoreCompletion = IntroCompletion.Data };
        Assert.Equal(IntStatus.Success, machine.Engine.Declare(machine.Host.Handle)!.Configure(in config));
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, null, 0));
        Assert.DoesNotContain(machine.Host.Log.Lines, line => line.Contains("refetch", StringComparison.Ordinal));
        Assert.Equal(IntStatus.AlreadyInitialized, machine.Engine.Find(machine.Host.Handle)!.Configure(in config));
        Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, null, 0));
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("refetch", StringComparison.Ordinal));
    }

    [Fact]
    public void BitsAboveTheWidthOfPhysicalAddressesAreReservedWhereItIsTold()
    {
        using TestMachine machine = new(start: false);
        const ulong Linear = 0xFFFF_A000_0000_0000;
        machine.Tables.Map(Linear, 0x30000);
        machine.Tables.Spoil(Linear, level: 1, set: 1UL << 46);
        IntroGuestConfig config = new() { Size = 32 };
        foreach ((ulong bits, IntStatus expected) in (ReadOnlySpan<(ulong, IntStatus)>)
            [(0, IntStatus.Success), (46, IntStatus.CorruptedData), (47, IntStatus.Success)])
        {
            config.PhysicalAddressBits = bits;
            Assert.Equal(IntStatus.Success, machine.Engine.Declare(machine.Host.Handle)!.Configure(in config));
            Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, null, 0));
            Assert.Equal(expected, machine.Guest.Translate(0, PagingMode.Level4, TestMachine.Cr3, Linear, out _));
            Assert.Equal(IntStatus.Success, machine.Engine.Disable(machine.Host.Handle));
        }
    }

    [Fact]
    public void OptionsThatAreNotBuiltAreNamed()
    {
        using TestMachine machine = new(GuestOptions.ProtectIdt | (GuestOptions)0x8000_0000_0000_0000);
        Assert.Equal(GuestOptions.ProtectIdt, machine.Guest.Options);
        Assert.Contains(machine.Host.Log.Lines, line => line.Contains("ignored: 8000000000000000", StringComparison.Ordinal));
    }

    [Fact]
    public void TheSupportFileIsGivenBack()
    {
        using TestMachine machine = new(start: false);
        byte file = 1;
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(machine.Host.Handle, GuestOptions.None, &file, 1));
        Assert.Equal(1, machine.Host.Releases);
    }

    [Fact]
    public void AnEngineClosesAllItsGuests()
    {
        using TestMachine machine = new();
        FakeHypervisor other = new();
        Assert.Equal(IntStatus.Success, machine.Engine.NewGuest(other.Handle, GuestOptions.ProtectIdt, null, 0));
        ActiveGuest guest = machine.Guest;
        Assert.Equal(IntStatus.Success, guest.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.Equal(IntStatus.CannotUnload, machine.Engine.Close());
        Assert.Equal(1, other.Deactivations);
        guest.Leave(0, IntroAction.Allowed);
        Assert.Equal(IntStatus.Success, machine.Engine.Close());
        Assert.Equal((1, 0), (machine.Host.Deactivations, machine.Host.WithdrawnFrames));
        other.Forget();
    }

    [Theory]
    [InlineData("none", IntStatus.Success)]
    [InlineData("glue", IntStatus.InvalidParameter1)]
    [InlineData("upper", IntStatus.InvalidParameter2)]
    [InlineData("glue version", IntStatus.NotSupported)]
    [InlineData("glue size", IntStatus.NotSupported)]
    [InlineData("upper version", IntStatus.NotSupported)]
    [InlineData("upper size", IntStatus.NotSupported)]
    [InlineData("TracePrint", IntStatus.InvalidParameter2)]
    [InlineData("QueryGuestInfo", IntStatus.InvalidParameter1)]
    [InlineData("NotifyIntrospectionAlert", IntStatus.InvalidParameter1)]
    [InlineData("PhysMemMapToHost", IntStatus.InvalidParameter1)]
    [InlineData("PhysMemUnmap", IntStatus.InvalidParameter1)]
    [InlineData("optional", IntStatus.Success)]
    public void TheTablesAreChecked(string missing, IntStatus expected)
    {
        FakeLog log = new();
        GlueIface glue = FakeGlue.Table();
        UpperIface upper = FakeGlue.Upper(log);
        switch (missing)
        {
            case "glue version": glue.Version++; break;
            case "glue size": glue.Size--; break;
            case "upper version": upper.Version--; break;
            case "upper size": upper.Size++; break;
            case "TracePrint": upper.TracePrint = 0; break;
            case "QueryGuestInfo": glue.QueryGuestInfo = null; break;
            case "NotifyIntrospectionAlert": glue.NotifyIntrospectionAlert = null; break;
            case "PhysMemMapToHost": glue.PhysMemMapToHost = null; break;
            case "PhysMemUnmap": glue.PhysMemUnmap = null; break;
            case "optional":
                glue.PhysMemMapToHost = null;
                glue.PhysMemUnmap = null;
                glue.SetEPTPageProtection = null;
                glue.RegisterEPTHandler = null;
                glue.FlushEPTPermissions = null;
                glue.NotifyIntrospectionActivated = null;
                glue.ReleaseBuffer = null;
                break;
            default: break;
        }

        IntStatus status = IntroEngine.Check(
            string.Equals(missing, "glue", StringComparison.Ordinal) ? null : &glue,
            string.Equals(missing, "upper", StringComparison.Ordinal) ? null : &upper,
            FakeShim.WithoutCopy);
        Assert.Equal(expected, status);
        bool named = expected == IntStatus.InvalidParameter1 && !string.Equals(missing, "glue", StringComparison.Ordinal);
        Assert.Equal(named ? 1 : 0, log.Count);
        if (named)
            Assert.EndsWith(missing, log.Lines[0], StringComparison.Ordinal);
    }
}
