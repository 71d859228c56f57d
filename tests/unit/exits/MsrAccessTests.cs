using Engine.Abi;
using Engine.Hooks;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>Register hooks are asked about the accesses that they want.</summary>
public sealed class MsrAccessTests
{
    [Theory]
    [InlineData(MsrAccess.Read, MsrAccess.Read, true)]
    [InlineData(MsrAccess.Read, MsrAccess.Write, false)]
    [InlineData(MsrAccess.Write, MsrAccess.Read, false)]
    [InlineData(MsrAccess.Both, MsrAccess.Read, true)]
    [InlineData(MsrAccess.Both, MsrAccess.Write, true)]
    public void TheKindOfTheAccessIsCompared(MsrAccess hooked, MsrAccess done, bool asked)
    {
        RegisterHooks hooks = Hooks();
        Answer blocks = new(IntroAction.NotAllowed);
        hooks.Set(RegisterKind.Msr, 0x174, blocks, hooked);
        RegisterWrite write = new() { Kind = RegisterKind.Msr, Number = 0x174, Access = done, Unit = null!, Memory = null! };
        Assert.Equal(asked, hooks.Ask(ref write, out IntroAction action));
        Assert.Equal(asked ? IntroAction.NotAllowed : IntroAction.Allowed, action);
    }

    [Fact]
    public void TheLargestActionWinsWhateverTheOrder()
    {
        RegisterHooks hooks = Hooks();
        foreach (IntroAction action in (IntroAction[])[IntroAction.Allowed, IntroAction.NotAllowed, IntroAction.Allowed])
            hooks.Set(RegisterKind.Msr, 0x174, new Answer(action), MsrAccess.Both);
        RegisterWrite write = new() { Kind = RegisterKind.Msr, Number = 0x174, Access = MsrAccess.Write, Unit = null!, Memory = null! };
        Assert.True(hooks.Ask(ref write, out IntroAction answer));
        Assert.Equal(IntroAction.NotAllowed, answer);
    }

    [Fact]
    public unsafe void XsetbvOfAnotherRegisterDoesNotChangeXcr0()
    {
        using RegisterMachine machine = new(GuestOptions.None);
        machine.Active.Vcpus[0]->Xcr0 = 7;
        machine.Regs.Rcx = 1;
        machine.Regs.Rax = 3;
        machine.Exit(
            VcpuStateKind.XcrWrite, 0, (Engine.Sessions.ActiveGuest guest, out IntroAction answer) => guest.XcrWrite(0, out answer));
        Assert.Equal(7UL, machine.Active.Vcpus[0]->Xcr0);
    }

    private static RegisterHooks Hooks()
    {
        FakeHypervisor guest = new();
        RegisterGlue.Add(guest.Handle, new RegisterHost());
        return new RegisterHooks(guest.Open(RegisterGlue.Table()), new RegisterExitHandlers { Msr = 3 });
    }

    private sealed class Answer(IntroAction action) : IRegisterHookHandler
    {
        public IntroAction OnWrite(ref RegisterWrite write) => action;
    }
}
