using System;
using System.Linq;
using Engine.Abi;
using Tests.Unit.Registers;
using Xunit;

namespace Tests.Unit;

/// <summary>An interrupt descriptor table on a glue that cannot trap stores: it is compared on the timer.</summary>
public sealed class IdtWatchTests
{
    private const ulong Table = RegisterMachine.Data + 0x400;

    [Theory]
    [InlineData(GuestOptions.ProtectIdt, 0)]
    [InlineData(GuestOptions.ProtectIdt | GuestOptions.KernelBeta, 0x55)]
    public void AChangeIsReportedAndTakenBackUnlessOptionsOnlyLog(GuestOptions options, byte left)
    {
        using RegisterMachine machine = Machine(options);
        Assert.Contains("\"watched\"", machine.Query("protections"), StringComparison.Ordinal);
        machine.Active.Timer();
        Assert.Empty(Reports(machine));

        machine.Ram.WriteBytes(RegisterMachine.DataFrame + 0x423, 0x55);
        machine.Active.Timer();
        machine.Active.Timer();
        string line = Assert.Single(Reports(machine));
        Assert.Contains($"at {Table + 0x23:x}", line, StringComparison.Ordinal);
        Assert.Equal(left, machine.Ram.Read<byte>(RegisterMachine.DataFrame + 0x423));
    }

    [Fact]
    public void WithoutTheOptionNothingIsCompared()
    {
        using RegisterMachine machine = Machine(GuestOptions.ProtectIdt);
        Assert.Equal(1, machine.Active.Integrity.Count);
        machine.Active.UpdateOptions(GuestOptions.None);
        Assert.Equal(0, machine.Active.Integrity.Count);
        machine.Active.UpdateOptions(GuestOptions.ProtectIdt);
        Assert.Equal(1, machine.Active.Integrity.Count);
    }

    private static string[] Reports(RegisterMachine machine) =>
        [.. machine.Guest.Log.Lines.Where(line => line.Contains("found changed", StringComparison.Ordinal))];

    private static unsafe RegisterMachine Machine(GuestOptions options)
    {
        RegisterMachine machine = new(options, trim: glue =>
        {
            glue.SetEPTPageProtection = null;
            return glue;
        });
        machine.Regs.IdtBase = Table;
        machine.Regs.IdtLimit = 0xFF;
        Assert.Equal(IntStatus.Success, machine.Session.Reset());
        return machine;
    }
}
