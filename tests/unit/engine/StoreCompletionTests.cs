using System;
using Engine.Abi;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

/// <summary>Allowed stores that the engine performs in the instruction's place, registers included.</summary>
public sealed unsafe class StoreCompletionTests : IDisposable
{
    private const ulong Table = TestMachine.IdtFrame + 0x400;
    private const ulong TableEnd = TestMachine.IdtFrame + 0x500;
    private const ulong Outside = TableEnd + 0x100;
    private const ulong Accessed = 0x20;
    private const ulong Dirty = 0x40;
    private const ulong Writable = 2;
    private const ulong User = 4;
    private const ulong OsFxsr = 1 << 9;
    private const ulong OsXsave = 1 << 18;

    private readonly TestMachine _machine = Machine(GuestConfigFlags.AppliesDirtyMask);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AnAllowedStoreIsPerformed()
    {
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rsi = 0x1122_3344_5566_7788;
        Assert.Equal(IntroAction.AllowedVirtual, At(Outside));
        Assert.Equal(0x1122_3344_5566_7788UL, _machine.Ram.Read<ulong>(Outside));
        Assert.Equal(TestMachine.CodeLinear + 3, _machine.Record.Regs.Rip);
        Assert.Equal(VcpuRegisters.Rip, _machine.Record.DirtyMask);
        Assert.Equal(0, _machine.Alerts.Count);
        Assert.Equal(0, _machine.Host.Queries[(int)QueryInfoClass.SetRegisters]);
    }

    [Fact]
    public void RegistersAndFlagsChangeWithIt()
    {
        // lock xadd [rdi], rsi
        _machine.Code(0xF0, 0x48, 0x0F, 0xC1, 0x37);
        _machine.Regs.Rsi = ulong.MaxValue;
        _machine.Ram.Write(Outside, 1UL);
        Assert.Equal(IntroAction.AllowedVirtual, At(Outside));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Outside));
        Assert.Equal(1UL, _machine.Record.Regs.Rsi);
        Assert.Equal(0x57UL, _machine.Record.Regs.Flags);
        Assert.Equal(VcpuRegisters.Rip | VcpuRegisters.Flags | (VcpuRegisters)(1UL << 6), _machine.Record.DirtyMask);
    }

    [Fact]
    public void AGlueWithoutDirtyMaskIsGivenAllRegisters()
    {
        using TestMachine machine = Machine(GuestConfigFlags.None);
        machine.Host.TakesRegisters = true;
        machine.Code(0x48, 0x01, 0x37);
        machine.Regs.Rsi = 5;
        machine.Ram.Write(Outside, 2UL);
        machine.Regs.Rdi = TestMachine.Alias(Outside);
        Assert.Equal(IntroAction.AllowedVirtual, machine.Refetch(Outside, TestMachine.Alias(Outside)));
        Assert.Equal(7UL, machine.Ram.Read<ulong>(Outside));
        Assert.Equal(TestMachine.CodeLinear + 3, machine.Host.Regs[0].Rip);
        Assert.Equal(VcpuRegisters.None, machine.Record.DirtyMask);
    }

    [Fact]
    public void AGlueThatCannotSetRegistersCompletesByItself()
    {
        using TestMachine machine = Machine(GuestConfigFlags.None);
        machine.Code(0x48, 0x01, 0x37);
        machine.Regs.Rsi = 5;
        machine.Regs.Rdi = TestMachine.Alias(Outside);
        Assert.Equal(IntroAction.Allowed, machine.Refetch(Outside, TestMachine.Alias(Outside)));
        Assert.Equal(IntroAction.Allowed, machine.Refetch(Outside, TestMachine.Alias(Outside)));
        Assert.Equal(0UL, machine.Ram.Read<ulong>(Outside));
        Assert.Equal(1, machine.Host.Queries[(int)QueryInfoClass.SetRegisters]);
    }

    [Fact]
    public void ABlockedStoreChangesNothing()
    {
        _machine.Code(0x48, 0x01, 0x37);
        _machine.Regs.Rsi = 5;
        _machine.Ram.Write(Table + 8, 2UL);
        Assert.Equal(IntroAction.NotAllowed, At(Table + 8));
        Assert.Equal(2UL, _machine.Ram.Read<ulong>(Table + 8));
        Assert.Equal(VcpuRegisters.None, _machine.Record.DirtyMask);
        Assert.Equal(TestMachine.CodeLinear, _machine.Record.Regs.Rip);
        AssertAlert(2, 7, 8);
    }

    [Fact]
    public void AStoreOfTheSameBytesToTheTableIsPerformed()
    {
        // or [rdi], rsi
        _machine.Code(0x48, 0x09, 0x37);
        _machine.Ram.Write(Table + 8, 6UL);
        _machine.Regs.Rsi = 2;
        Assert.Equal(IntroAction.AllowedVirtual, At(Table + 8));
        Assert.Equal(6UL, _machine.Ram.Read<ulong>(Table + 8));
        _machine.Regs.Rsi = 1;
        Assert.Equal(IntroAction.NotAllowed, At(Table + 8));
    }

    [Fact]
    public void WhatIsNotEmulatedIsLeftToTheHypervisor()
    {
        // fxsave [rdi]: its extent is not known, so that it is judged as touching the frame; below, fst dword [rdi].
        _machine.Code(0x0F, 0xAE, 0x07);
        Assert.Equal(IntroAction.NotAllowed, At(Table));
        _machine.Code(0xD9, 0x17);
        Assert.Equal(IntroAction.Allowed, At(Outside));
        Assert.Equal(VcpuRegisters.None, _machine.Record.DirtyMask);
    }

    [Fact]
    public void AnAllowedStoreThatIsNotPerformedIsLogged()
    {
        // mov [rdi], rsi with what is there; and again with RFLAGS.TF
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rsi = _machine.Ram.Read<ulong>(Table + 8);
        Assert.Equal(IntroAction.AllowedVirtual, At(Table + 8));
        Assert.DoesNotContain(_machine.Host.Log.Lines, IsLeft);
        _machine.Regs.Flags |= 1 << 8;
        Assert.Equal(IntroAction.Allowed, At(Table + 8));
        Assert.Contains(_machine.Host.Log.Lines, IsLeft);
        Assert.Equal(0, _machine.Alerts.Count);

        static bool IsLeft(string line) => line.Contains("left to the hypervisor", StringComparison.Ordinal);
    }

    [Fact]
    public void AVectorIsStoredFromTheXsaveArea()
    {
        _machine.Code(0x0F, 0x11, 0x07);
        Assert.Equal(IntroAction.Allowed, At(Outside));

        byte[] area = new byte[832];
        area.AsSpan(160, 16).Fill(0x5A);
        area[512] = 2;
        _machine.Host.Xsave = area;
        Assert.Equal(IntroAction.AllowedVirtual, At(Outside));
        Assert.Equal(0x5A5A_5A5A_5A5A_5A5AUL, _machine.Ram.Read<ulong>(Outside + 8));
        Assert.Equal(IntroAction.NotAllowed, At(Table));
        AssertAlert(0, 0x5A5A_5A5A_5A5A_5A5A, 16);

        // In its initial state a register is zero, whatever the area's bytes are.
        area[512] = 0;
        Assert.Equal(IntroAction.AllowedVirtual, At(Table));
    }

    [Theory]
    [InlineData(Dirty)]
    [InlineData(Accessed)]
    [InlineData(Writable)]
    public void APageThatTheProcessorWouldChangeOrRefuseIsLeftToIt(ulong missing)
    {
        _machine.Regs.Cr0 |= 1 << 16;
        _machine.Tables.Spoil(TestMachine.Alias(Outside), 1, clear: missing);
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rsi = 1;
        Assert.Equal(IntroAction.Allowed, At(Outside));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Outside));
    }

    [Fact]
    public void WithoutWriteProtectionTheKernelMayWriteReadOnlyPages()
    {
        _machine.Tables.Spoil(TestMachine.Alias(Outside), 1, clear: Writable);
        _machine.Code(0x48, 0x89, 0x37);
        Assert.Equal(IntroAction.AllowedVirtual, At(Outside));
    }

    [Fact]
    public void UserCodeDoesNotReachTheKernel()
    {
        _machine.Host.Cpl[0] = 3;
        _machine.Code(0x48, 0x89, 0x37);
        Assert.Equal(IntroAction.Allowed, At(Outside));
        for (int level = 1; level <= 4; level++)
            _machine.Tables.Spoil(TestMachine.Alias(Outside), level, set: User);
        Assert.Equal(IntroAction.AllowedVirtual, At(Outside));
    }

    [Theory]
    [InlineData(0UL, IntroAction.Allowed)]
    [InlineData(1UL << 18, IntroAction.AllowedVirtual)]
    public void WithSmapTheKernelNeedsAcForUserPages(ulong flags, IntroAction expected)
    {
        _machine.Regs.Cr4 |= 1 << 21;
        _machine.Regs.Flags |= flags;
        for (int level = 1; level <= 4; level++)
            _machine.Tables.Spoil(TestMachine.Alias(Outside), level, set: User);
        _machine.Code(0x48, 0x89, 0x37);
        Assert.Equal(expected, At(Outside));
    }

    [Fact]
    public void ASingleStepIsLeftToTheProcessor()
    {
        _machine.Regs.Flags |= 0x100;
        _machine.Code(0x48, 0x89, 0x37);
        Assert.Equal(IntroAction.Allowed, At(Outside));
    }

    [Fact]
    public void AStoreAcrossTwoPagesIsWrittenWholeOrNotAtAll()
    {
        const ulong Last = TestMachine.IdtFrame + 0xFFC;
        _machine.Code(0x48, 0x89, 0x37);
        _machine.Regs.Rsi = 0x8877_6655_4433_2211;
        _machine.Tables.Spoil(TestMachine.Alias(Last + 4), 1, clear: 1);
        Assert.Equal(IntroAction.Retry, At(Last));
        Assert.Equal(0U, _machine.Ram.Read<uint>(Last));

        _machine.Tables.Spoil(TestMachine.Alias(Last + 4), 1, set: 1 | Accessed | Dirty);
        Assert.Equal(IntroAction.AllowedVirtual, At(Last));
        Assert.Equal(0x8877_6655_4433_2211UL, _machine.Ram.Read<ulong>(Last));
    }

    [Fact]
    public void ARepeatedStoreIsPerformedIterationByIterationUpToTheTable()
    {
        // rep stosq from 3 iterations below the table into it
        _machine.Code(0xF3, 0x48, 0xAB);
        _machine.Regs.Rax = 9;
        _machine.Regs.Rcx = 8;
        Assert.Equal(IntroAction.NotAllowed, At(Table - 24));
        Assert.Equal(9UL, _machine.Ram.Read<ulong>(Table - 8));
        Assert.Equal(0UL, _machine.Ram.Read<ulong>(Table));
        Assert.Equal(5UL, _machine.Record.Regs.Rcx);
        Assert.Equal(TestMachine.Alias(Table), _machine.Record.Regs.Rdi);
        Assert.Equal(TestMachine.CodeLinear, _machine.Record.Regs.Rip);
        Assert.Equal(1, _machine.Alerts.Count);
        AssertAlert(0, 9, 8);
    }

    [Fact]
    public void ARepeatedStoreEndsWithItsFrame()
    {
        // The page after it is not mapped: its iterations are for the processor to fault on.
        const ulong Last = TestMachine.IdtFrame + 0xFF0;
        _machine.Tables.Spoil(TestMachine.Alias(Last + 0x10), 1, clear: 1);
        _machine.Code(0xF3, 0x48, 0xAB);
        _machine.Regs.Rcx = 8;
        Assert.Equal(IntroAction.AllowedVirtual, At(Last));
        Assert.Equal(6UL, _machine.Record.Regs.Rcx);
        Assert.Equal(TestMachine.CodeLinear, _machine.Record.Regs.Rip);

        _machine.Regs.Rcx = 2;
        Assert.Equal(IntroAction.AllowedVirtual, At(Last));
        Assert.Equal(0UL, _machine.Record.Regs.Rcx);
        Assert.Equal(TestMachine.CodeLinear + 3, _machine.Record.Regs.Rip);
    }

    [Fact]
    public void AnAtomicStoreWhoseBytesChangedMeanwhileIsJudgedAgain()
    {
        using TestMachine machine = Machine(GuestConfigFlags.AppliesDirtyMask, GuestOptions.ProtectIdt | GuestOptions.KernelBeta);
        machine.Code(0xF0, 0x48, 0x01, 0x37);
        machine.Regs.Rsi = 1;
        machine.Regs.Rdi = TestMachine.Alias(Table);

        // Another vCPU stores while the alert is delivered: once, then always.
        int stores = 0;
        machine.Host.Alerts.OnAlert = () =>
        {
            if (stores++ == 0)
                machine.Ram.Write(Table, 100UL);
        };
        Assert.Equal(IntroAction.AllowedVirtual, machine.Refetch(Table, TestMachine.Alias(Table)));
        Assert.Equal(101UL, machine.Ram.Read<ulong>(Table));
        Assert.Equal(2, stores);

        machine.Host.Alerts.OnAlert = () => machine.Ram.Write(Table, (ulong)(200 + stores++));
        Assert.Equal(IntroAction.Retry, machine.Refetch(Table, TestMachine.Alias(Table)));
        Assert.Equal(VcpuRegisters.Rip, machine.Record.DirtyMask & VcpuRegisters.Rip);
        Assert.Equal(TestMachine.CodeLinear, machine.Record.Regs.Rip);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        byte[] area = new byte[832];
        area[512] = 2;
        _machine.Host.Xsave = area;

        // What an exit allocates it allocates in every round; what the JIT and a first call allocate, in one.
        long least = long.MaxValue;
        for (int round = 0; round < 4; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int performed = RunMany(2000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(2000, performed);
        }

        Assert.Equal(0, least);
    }

    private static TestMachine Machine(GuestConfigFlags flags, GuestOptions options = GuestOptions.ProtectIdt)
    {
        TestMachine machine = new(options, flags: flags);
        machine.Host.KeepJournal = false;
        machine.Regs.Cr4 |= OsFxsr | OsXsave;
        for (ulong gpa = 0; gpa < 0x40000; gpa += GuestRam.PageSize)
        {
            for (int level = 4; level >= 1; level--)
                machine.Tables.Spoil(TestMachine.Alias(gpa), level, set: Accessed | (level == 1 ? Dirty : 0));
        }

        return machine;
    }

    private int RunMany(int rounds)
    {
        int performed = 0;
        ReadOnlySpan<byte> mov = [0x48, 0x89, 0x37, 0x90];
        ReadOnlySpan<byte> lockAdd = [0xF0, 0x48, 0x01, 0x37];
        ReadOnlySpan<byte> movups = [0x0F, 0x11, 0x07, 0x90];
        ReadOnlySpan<byte> repStos = [0xF3, 0x48, 0xAB, 0x90];
        for (int i = 0; i < rounds; i++)
        {
            _machine.Code((i & 3) switch { 0 => mov, 1 => lockAdd, 2 => movups, _ => repStos });
            _machine.Regs.Rcx = 4;
            performed += At(Outside) == IntroAction.AllowedVirtual ? 1 : 0;
        }

        return performed;
    }

    /// <summary>The instruction at RIP with RDI at an address of the direct map.</summary>
    private IntroAction At(ulong gpa)
    {
        _machine.Regs.Rdi = TestMachine.Alias(gpa);
        return _machine.Refetch(gpa, TestMachine.Alias(gpa));
    }

    private void AssertAlert(ulong oldValue, ulong newValue, uint size)
    {
        ref EventEptViolation alert = ref _machine.Alerts[_machine.Alerts.Count - 1];
        fixed (ulong* before = alert.WriteInfo.OldValue, after = alert.WriteInfo.NewValue)
            Assert.Equal((oldValue, newValue, size), (*before, *after, alert.WriteInfo.Size));
    }
}
