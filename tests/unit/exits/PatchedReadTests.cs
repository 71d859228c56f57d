using Engine.Abi;
using Engine.Hooks;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Reads that see other bytes than memory's.</summary>
public sealed class PatchedReadTests
{
    private const ulong Cloaked = 0x4100;

    [Fact]
    public void TheBytesGoToTheHypervisor()
    {
        using HookMachine machine = Machine(FakeGlue.Full(), [1, 2, 3, 4]);
        Assert.Equal(IntroAction.AllowedPatched, machine.Exit(Cloaked, EptAccess.Read));
        Assert.Equal(IntStatus.Success, machine.Status);
        Assert.Equal([1, 2, 3, 4], machine.Host.Context);
        Assert.Equal(HookMachine.DirectMap + Cloaked, machine.Host.ContextGla);
    }

    [Fact]
    public void AGlueThatCannotTakeThemClosesTheRead()
    {
        using HookMachine machine = Machine(FakeGlue.Table(), [1]);
        Assert.Equal(IntroAction.NotAllowed, machine.Exit(Cloaked, EptAccess.Read));
        Assert.Equal(IntStatus.NotSupported, machine.Status);
        using HookMachine open = Machine(FakeGlue.Table(), [1], GuestConfigFlags.GuardedFailsOpen);
        Assert.Equal(IntroAction.Allowed, open.Exit(Cloaked, EptAccess.Read));
    }

    [Fact]
    public void AHandlerThatGivesNoneIsAnInternalError()
    {
        using HookMachine machine = Machine(FakeGlue.Full(), []);
        Assert.Equal(IntroAction.NotAllowed, machine.Exit(Cloaked, EptAccess.Read));
        Assert.Equal(IntStatus.InvalidInternalState, machine.Status);
        Assert.Empty(machine.Host.Context);
    }

    [Fact]
    public void BytesOfAnEarlierExitDoNotCount()
    {
        using HookMachine machine = Machine(FakeGlue.Full(), [9]);
        Assert.Equal(IntroAction.AllowedPatched, machine.Exit(Cloaked, EptAccess.Read));
        machine.Hooks.Set(Cloaked + 0x80, 8, EptAccess.Read, machine.Hooks.AddHandler(
            new ScriptedHandler { Judge = (ref FrameAccess _, in FrameHook _) => IntroAction.AllowedPatched }), 2);
        Assert.Equal(IntroAction.NotAllowed, machine.Exit(Cloaked + 0x80, EptAccess.Read));
        Assert.Equal(IntStatus.InvalidInternalState, machine.Status);
    }

    [Fact]
    public void AdjacentBytesAreJoinedAndOthersRefused()
    {
        VcpuPatchBuffer buffer = default;
        Assert.True(VcpuPatchBuffer.TryAdd(ref buffer, 100, [1, 2, 3]));
        Assert.True(VcpuPatchBuffer.TryAdd(ref buffer, 103, [4, 5]));
        Assert.True(VcpuPatchBuffer.TryAdd(ref buffer, 98, [8, 9]));
        Assert.True(VcpuPatchBuffer.TryAdd(ref buffer, 101, [7]));
        Assert.Equal([8, 9, 1, 7, 3, 4, 5], VcpuPatchBuffer.BytesOf(ref buffer).ToArray());
        Assert.Equal(98UL, buffer.Gla);
        Assert.False(VcpuPatchBuffer.TryAdd(ref buffer, 106, [1]));
        Assert.False(VcpuPatchBuffer.TryAdd(ref buffer, 96, [1]));
        Assert.False(VcpuPatchBuffer.TryAdd(ref buffer, 98, new byte[65]));
        Assert.False(VcpuPatchBuffer.TryAdd(ref buffer, 105, new byte[58]));
        Assert.False(VcpuPatchBuffer.TryAdd(ref buffer, 105, []));
        Assert.True(VcpuPatchBuffer.TryAdd(ref buffer, 105, new byte[57]));
        Assert.Equal(64, VcpuPatchBuffer.BytesOf(ref buffer).Length);
    }

    private static HookMachine Machine(GlueIface glue, byte[] bytes, GuestConfigFlags flags = GuestConfigFlags.None)
    {
        HookMachine machine = new(glue: glue, flags: flags);
        ScriptedHandler handler = new()
        {
            Judge = (ref FrameAccess access, in FrameHook _) =>
            {
                Assert.Equal(bytes.Length != 0, access.TryPatch(access.Gla, bytes));
                return IntroAction.AllowedPatched;
            },
        };
        machine.Hooks.Set(Cloaked, 16, EptAccess.Read, machine.Hooks.AddHandler(handler), 1);
        return machine;
    }
}
