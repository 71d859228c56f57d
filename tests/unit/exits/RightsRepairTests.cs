using Engine;
using Engine.Abi;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Rights that the hypervisor withholds without a hook (spec/12, acceptance check 5).</summary>
public sealed class RightsRepairTests
{
    private const ulong Frame = 0x4000;

    [Fact]
    public void StaleRightsAreWidenedAndFlushedOnce()
    {
        using HookMachine machine = new(glue: FakeGlue.Full());
        machine.Host.SetWithdrawn(Frame, EptAccess.Write | EptAccess.Execute);
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame + 8, 1));
        Assert.Equal([$"rights {Frame:x} -Read, Write, Execute", $"rights {Frame:x} -Execute", "flush"], machine.Host.Journal);
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame + 8, 2));
        Assert.Equal(1, machine.Host.Flushes);
    }

    [Fact]
    public void ReadsAndExecutionsAreRepairedToo()
    {
        using HookMachine machine = new(glue: FakeGlue.Full());
        foreach (EptAccess kind in (EptAccess[])[EptAccess.Read, EptAccess.Execute])
        {
            machine.Host.SetWithdrawn(Frame, kind);
            Assert.Equal(IntroAction.Allowed, machine.Exit(Frame, kind));
            Assert.Equal(EptAccess.None, machine.Host.Withdrawn(Frame));
        }
    }

    [Fact]
    public void WhereTheInstructionIsCompletedAsAWholeItIsTriedAgain()
    {
        using HookMachine machine = new(data: false, glue: FakeGlue.Full());
        machine.MapDirectly();
        machine.Host.SetWithdrawn(Frame, EptAccess.Write);
        Assert.Equal(IntroAction.Retry, machine.Execute(Frame, 1));
        Assert.Equal(EptAccess.None, machine.Host.Withdrawn(Frame));
        Assert.Equal(IntroAction.Allowed, machine.Execute(Frame, 1));
    }

    [Fact]
    public void AHookedFrameIsLeftAloneEvenOutsideTheHookOrWhileItIsDisabled()
    {
        using HookMachine machine = new(glue: FakeGlue.Full());
        ScriptedHandler handler = new();
        ushort id = machine.Hooks.AddHandler(handler);
        machine.Hooks.Set(Frame + 0x800, 8, EptAccess.Write, id, 1);
        machine.Hooks.Commit();
        int changes = machine.Host.Journal.Length;
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame, 1));
        machine.Hooks.SetDisabled(Frame, id, 1, disabled: true);
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame + 0x800, 1));
        Assert.Empty(handler.Asked);
        Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(Frame));
        Assert.Equal(changes, machine.Host.Journal.Length);
    }

    [Fact]
    public void AnotherKindOfHookDoesNotExcuseTheViolation()
    {
        using HookMachine machine = new(glue: FakeGlue.Full());
        machine.Hooks.Set(Frame, 8, EptAccess.Read, machine.Hooks.AddHandler(new ScriptedHandler()), 1);
        machine.Hooks.Commit();
        machine.Host.SetWithdrawn(Frame, EptAccess.Read | EptAccess.Write);
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame, 1));
        Assert.Equal(EptAccess.Read, machine.Host.Withdrawn(Frame));
    }

    [Fact]
    public void RightsThatStayWithheldAreLetBe()
    {
        // The hypervisor says yes and does nothing: it is not asked for ever.
        using HookMachine machine = new(glue: FakeGlue.Full());
        machine.Host.SetWithdrawn(Frame, EptAccess.Write);
        machine.Host.OnSetRights = _ => { };
        machine.Host.SetRightsAnswer = IntStatus.NotSupported;
        for (int i = 0; i < 3 * Limits.MaxRetriesInRow; i++)
            Assert.Equal(IntroAction.Allowed, machine.Store(Frame, 1));
        Assert.InRange(machine.Host.Journal.Length, 1, 3 * Limits.MaxRetriesInRow);
        Assert.Equal(0, machine.Host.Flushes);
        Assert.InRange(machine.Host.Log.Lines.Length, 1, Limits.MaxFaultLines);
    }

    [Fact]
    public void WhatAGuestCanCauseOfItIsBounded()
    {
        using HookMachine machine = new(glue: FakeGlue.Full());
        for (ulong i = 0; i < 4 * Limits.RightsRepairBurst; i++)
        {
            machine.Host.SetWithdrawn(0x10000 + (i << 12), EptAccess.Write);
            Assert.Equal(IntroAction.Allowed, machine.Store(0x10000 + (i << 12), 1));
        }

        Assert.InRange(machine.Host.Flushes, Limits.RightsRepairBurst, 2 * Limits.RightsRepairBurst);
    }

    [Fact]
    public void AGlueThatCannotTellRightsIsNotAsked()
    {
        using HookMachine machine = new();
        machine.Host.SetWithdrawn(Frame, EptAccess.Write);
        Assert.Equal(IntroAction.Allowed, machine.Store(Frame, 1));
        Assert.Equal(EptAccess.Write, machine.Host.Withdrawn(Frame));
        Assert.Equal(IntStatus.NotSupported, machine.Hooks.RepairRights(Frame, EptAccess.Write));
    }
}
