using System;
using System.Linq;
using System.Text;
using Engine;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit.Injection;

/// <summary>The debugger's commands.</summary>
public sealed unsafe class DebugCommandTests : IDisposable
{
    private readonly RegisterMachine _machine = new(GuestOptions.None);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void WritesToAHookedControlRegisterAreLoggedAndHappen()
    {
        Assert.Equal(IntStatus.Success, Run("!testcrhookset", "3"));
        Assert.True(_machine.Host.Enabled["CR3"]);
        Assert.Equal(IntroAction.Allowed, _machine.CrWrite(3, 0x1000, 0x2000));
        Assert.Equal(IntStatus.Success, _machine.Status);
        Assert.Contains(_machine.Guest.Log.Lines, line => line.Contains("CR3 of vcpu 0: old 1000 new 2000", StringComparison.Ordinal));

        // Setting it elsewhere takes it from here; a guest that writes very often does not flood the log.
        Assert.Equal(IntStatus.Success, Run("!testcrhookset", "4"));
        Assert.Equal((false, true), (_machine.Host.Enabled["CR3"], _machine.Host.Enabled["CR4"]));
        for (int i = 0; i < 3 * Limits.AlertBurst; i++)
            _machine.CrWrite(4, 0, (ulong)i);
        Assert.InRange(_machine.Guest.Log.Lines.Count(line => line.Contains("CR4 of", StringComparison.Ordinal)), 1, 2 * Limits.AlertBurst);
        Assert.Equal(IntStatus.Success, Run("!testcrhookremove"));
        Assert.False(_machine.Host.Enabled["CR4"]);
        Assert.Equal(IntroAction.Allowed, _machine.CrWrite(4, 0, 1));
        Assert.Equal(IntStatus.NotFound, _machine.Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("cr3")]
    [InlineData("3x")]
    [InlineData("99999999999999999999")]
    public void NoSuchControlRegister(string number) =>
        Assert.Equal(IntStatus.InvalidParameter4, Run("!testcrhookset", number));

    [Fact]
    public void ARefusedExitIsItsStatus()
    {
        _machine.Host.Refused.Add("CR3");
        Assert.Equal(IntStatus.OperationNotSupported, Run("!testcrhookset", "3"));
    }

    [Fact]
    public void AHookGoesWithTheGuest()
    {
        Assert.Equal(IntStatus.Success, Run("!testcrhookset", "3"));
        Assert.Equal(IntStatus.Success, _machine.Session.Stop(ignoreSafeness: false));
        Assert.Equal((false, false), (_machine.Host.Enabled["CR3"], _machine.Host.Registered["cr"]));
        Assert.Equal(IntStatus.NotInitialized, Run("!curproc"));
    }

    [Fact]
    public void TheCurrentProcessIsNotKnown()
    {
        Assert.Equal(IntStatus.NotSupported, Run("!curproc"));
        Assert.Contains(
            _machine.Guest.Log.Lines, line => line.Contains($"cr3 {_machine.Regs.Cr3:x}: the guest's processes", StringComparison.Ordinal));
        Assert.Equal(IntStatus.NotFound, Run("!CURPROC"));
        Assert.Equal(IntStatus.NotFound, Run(""));
        Assert.Equal(IntStatus.InvalidParameter2, _machine.Session.Debug(1, "!curproc"u8, default));
    }

    [Fact]
    public void AVcpuInAnExitIsLeftAlone()
    {
        Assert.Equal(IntStatus.Success, _machine.Active.Enter(0, VcpuStateKind.CrWrite, IntStatus.InvalidParameter3));
        Assert.Equal(IntStatus.Busy, Run("!curproc"));
        _machine.Active.Leave(0, IntroAction.Allowed);
        Assert.Equal(IntStatus.NotSupported, Run("!curproc"));
    }

    [Fact]
    public void ADumpShowsCodeBytesAndRegisters()
    {
        // MOV [RDI],RSI; a byte that is no instruction; RET at the end of the page.
        _machine.Regs.Rip += 0xFF0;
        _machine.Regs.R15 = 0xFEED;
        _machine.Ram.WriteBytes(0x10000 + 0xFF0, 0x48, 0x89, 0x37, 0x06, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xC3);
        int before = _machine.Guest.Log.Lines.Length;
        Assert.Equal(IntStatus.Success, Run("!regs"));
        string[] lines = _machine.Guest.Log.Lines[before..];
        Assert.Equal("info: ffffffff81000ff0: 48 89 37  mov", lines[0]);
        Assert.Equal("info: ffffffff81000ff3: 06  (none)", lines[1]);
        Assert.Equal("info: ffffffff81000fff: c3  ret", lines[13]);
        Assert.Equal("info: ffffffff81000000: 00000000000000000000000000000000", lines[14]);
        Assert.Equal("info: ffffffff81000ff0: 488937069090909090909090909090c3", lines[14 + 255]);
        Assert.Contains("r15 feed", lines[^3], StringComparison.Ordinal);
        Assert.Equal(14 + 256 + 6, lines.Length);

        // Not twice in a second, nor where nobody reads it.
        Assert.Equal(IntStatus.NotNeededHint, Run("!regs"));
        _machine.Regs.Rip = 0x1234_5000;
        Assert.Equal(IntStatus.NoMappingStructures, Run("!regs"));
    }

    [Fact]
    public void ADumpIsBoundedAndCostsNothingUnread()
    {
        for (ulong i = 0; i < 4096; i++)
            _machine.Ram.Write(0x10000 + i, (byte)0x90);
        int before = _machine.Guest.Log.Lines.Length;
        Assert.Equal(IntStatus.Success, Run("!regs"));
        Assert.Equal(Limits.MaxDumpedInstructions + 256 + 6, _machine.Guest.Log.Lines.Length - before);
        _machine.Session.LogLevel = IgLogLevel.Warning;
        int queries = _machine.Guest.Queries[(int)QueryInfoClass.RegisterStateGprs];
        Assert.Equal(IntStatus.NotNeededHint, _machine.Active.CodeDump.Write(_machine.Active.Vcpus[0], 0, 0));
        Assert.Equal(queries, _machine.Guest.Queries[(int)QueryInfoClass.RegisterStateGprs]);
    }

    [Fact]
    public void ADumpOfNothingSaysSo()
    {
        Assert.Equal(IntStatus.NotFound, _machine.Active.CodeDump.Write(_machine.Active.Vcpus[0], 0, 0x7000_0000));
        _machine.Guest.QueryAnswers[(int)QueryInfoClass.CsType] = IntStatus.AccessDenied;
        _machine.Active.Vcpus[0]->PushedMask = VcpuRegisters.None;
        Assert.Equal(IntStatus.AccessDenied, _machine.Active.CodeDump.Write(_machine.Active.Vcpus[0], 0, 0x10000));
    }

    private IntStatus Run(string command, string argument = "") =>
        _machine.Session.Debug(0, Encoding.UTF8.GetBytes(command), Encoding.UTF8.GetBytes(argument));
}
