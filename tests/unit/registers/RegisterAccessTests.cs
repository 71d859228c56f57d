using System;
using Engine.Abi;
using Engine.Hosting;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit.Registers;

/// <summary>The register protocol: reading and changing registers of this vCPU, and of others.</summary>
public sealed unsafe class RegisterAccessTests : IDisposable
{
    private const ulong Kernel = 0xFFFF_8000_0000_0000;

    private readonly FakeHypervisor _host = new(vcpus: 2) { TakesRegisters = true };
    private readonly VcpuTable _vcpus = new(2);
    private readonly GuestRam _ram = new(64);
    private readonly GuestMemory _memory;
    private readonly Hypervisor _hypervisor;

    public RegisterAccessTests()
    {
        _hypervisor = _host.Open();
        _memory = _ram.Declare();
        PageTables tables = new(_ram, PagingMode.Level4, 0x20000);
        tables.Map(Kernel, 0x1000);
        for (int i = 0; i < 2; i++)
        {
            _host.Regs[i] = new IgArchRegs
            {
                Rax = 0xA0 + (ulong)i, Rip = 0x1000 + (ulong)i, Flags = 2, Cr0 = tables.Cr0, Cr3 = tables.Root, Cr4 = tables.Cr4,
                Cr8 = 9, IdtBase = Kernel, IdtLimit = 0x3F, GdtBase = Kernel + 0x100, GdtLimit = 0x37,
            };
            _host.Efer[i] = tables.Efer;
        }
    }

    private VcpuState* Vcpu => _vcpus[0];

    public void Dispose()
    {
        _ram.Dispose();
        _host.Forget();
    }

    [Fact]
    public void RegistersAreReadOneByOne()
    {
        RegisterAccess access = Access();
        Vcpu->PushedMask = VcpuRegisters.Rip;
        Vcpu->Regs.Rip = 0x77;
        Assert.Equal(IntStatus.Success, access.ReadRip(Vcpu, out ulong rip));
        Assert.Equal((0x77UL, 0), (rip, _host.Queries[(int)QueryInfoClass.RegisterStateGprs]));
        Assert.Equal(IntStatus.Success, access.ReadCr0(Vcpu, out ulong cr0));
        Assert.Equal(IntStatus.Success, access.ReadCr3(Vcpu, out ulong cr3));
        Assert.Equal(IntStatus.Success, access.ReadCr4(Vcpu, out ulong cr4));
        Assert.Equal(IntStatus.Success, access.ReadCr8(Vcpu, out ulong cr8));
        Assert.Equal((_host.Regs[0].Cr0, _host.Regs[0].Cr3, _host.Regs[0].Cr4, 9UL), (cr0, cr3, cr4, cr8));
        Assert.Equal(1, _host.Queries[(int)QueryInfoClass.RegisterStateGprs]);
        Assert.Equal(IntStatus.Success, access.Get(Vcpu, out IgArchRegs regs));
        Assert.Equal((0xA0UL, 0x77UL), (regs.Rax, regs.Rip));
        _host.EptIndex = 3;
        Assert.Equal(IntStatus.Success, access.ReadEptIndex(Vcpu, out uint index));
        Assert.Equal(3U, index);
        _host.Xcr0 = 7;
        Assert.Equal(IntStatus.Success, access.ReadXcr0(Vcpu, out ulong xcr0));
        Assert.Equal(7UL, xcr0);
    }

    [Fact]
    public void ARefusedReadIsItsStatusAndNoughts()
    {
        RegisterAccess access = Access();
        _host.QueryAnswers[(int)QueryInfoClass.RegisterStateGprs] = IntStatus.AccessDenied;
        _host.QueryAnswers[(int)QueryInfoClass.EptpIndex] = IntStatus.AccessDenied;
        Vcpu->Regs.Cr3 = 0x5A5A;
        Assert.Equal(IntStatus.AccessDenied, access.ReadCr3(Vcpu, out ulong cr3));
        Assert.Equal(IntStatus.AccessDenied, access.Get(Vcpu, out IgArchRegs regs));
        Assert.Equal(IntStatus.AccessDenied, access.ReadEptIndex(Vcpu, out uint index));
        Assert.Equal((0UL, default(IgArchRegs).Cr3, 0U), (cr3, regs.Cr3, index));
    }

    [Fact]
    public void AChangeIsMarkedForAGlueThatAppliesMarks()
    {
        RegisterAccess access = Access(appliesDirtyMask: true);
        Vcpu->Regs.Rip = 0x4000;
        Assert.Equal(IntStatus.Success, access.Set(Vcpu, VcpuRegisters.Rip));
        Assert.Equal(VcpuRegisters.Rip, Vcpu->DirtyMask);
        Assert.Equal(IntStatus.Success, access.ReadRip(Vcpu, out ulong rip));
        Assert.Equal((0x4000UL, 0), (rip, _host.Queries[(int)QueryInfoClass.SetRegisters]));
        Assert.All(_host.Queries, count => Assert.Equal(0, count));
    }

    [Fact]
    public void AChangeIsSetAtOnceElseAndNothingThatWasUnknownIsLost()
    {
        RegisterAccess access = Access();
        Vcpu->Regs.Rip = 0x4000;
        Assert.Equal(IntStatus.Success, access.Set(Vcpu, VcpuRegisters.Rip));
        Assert.Equal((0x4000UL, 0xA0UL), (_host.Regs[0].Rip, _host.Regs[0].Rax));
        Assert.Equal(VcpuRegisters.None, Vcpu->DirtyMask);
    }

    [Fact]
    public void WhatCannotBeSetLeavesTheRecordAsItWas()
    {
        RegisterAccess access = Access();
        _host.TakesRegisters = false;
        Assert.Equal(IntStatus.Success, access.Get(Vcpu, out IgArchRegs regs));
        regs.Rip = 0x4000;
        regs.Rax = 5;
        Assert.Equal(IntStatus.NotSupported, access.Set(Vcpu, in regs));
        Assert.Equal((0x1000UL, 0xA0UL), (Vcpu->Regs.Rip, Vcpu->Regs.Rax));
        Assert.Equal(IntStatus.InvalidParameter2, access.Set(Vcpu, VcpuRegisters.Cr3));

        Vcpu->PushedMask = VcpuRegisters.None;
        Vcpu->Regs.Rip = 0x4000;
        Assert.Equal(IntStatus.NotSupported, access.Set(Vcpu, VcpuRegisters.Rip));
        Assert.Equal(VcpuRegisters.None, Vcpu->PushedMask & VcpuRegisters.Rip);
    }

    [Fact]
    public void ASubstitutedCr3IsNotWrittenBack()
    {
        RegisterAccess access = Access();
        ulong cr3 = _host.Regs[0].Cr3;
        Assert.Equal(IntStatus.Success, access.Get(Vcpu, out IgArchRegs regs));
        regs.Cr3 = 0x1234_5000;
        regs.R15 = 15;
        Assert.Equal(IntStatus.Success, access.Set(Vcpu, in regs));
        Assert.Equal((15UL, cr3, cr3), (_host.Regs[0].R15, _host.Regs[0].Cr3, Vcpu->Regs.Cr3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhileTheAgentSpeaksForTheVcpuOnlyTheRecordChanges(bool appliesDirtyMask)
    {
        RegisterAccess access = Access(appliesDirtyMask);
        Vcpu->VeContext = 1;
        Vcpu->Regs.Rip = 0x4000;
        Assert.Equal(IntStatus.Success, access.Set(Vcpu, VcpuRegisters.Rip));
        Assert.Equal(IntStatus.Success, access.ReadRip(Vcpu, out ulong rip));
        Assert.Equal((0x4000UL, 0x1000UL, VcpuRegisters.None), (rip, _host.Regs[0].Rip, Vcpu->DirtyMask));
    }

    [Fact]
    public void OthersAreReadAndSetOnlyWhilePaused()
    {
        RegisterAccess access = Access();
        PauseScope none = default;
        Assert.Equal(IntStatus.InvalidOperationState, access.Read(in none, 1, VcpuRegisters.Rip, out _));
        Assert.Equal(IntStatus.InvalidOperationState, access.Set(in none, 1, default));
        using (PauseScope pause = PauseScope.Take(_hypervisor))
        {
            Assert.Equal(IntStatus.InvalidParameter2, access.Read(in pause, 2, VcpuRegisters.Rip, out _));
            Assert.Equal(IntStatus.InvalidParameter2, access.Set(in pause, 2, default));
            Assert.Equal(
                IntStatus.Success,
                access.Read(in pause, 1, VcpuRegisters.Sufficient | VcpuRegisters.Tables, out VcpuSnapshot snapshot));
            Assert.True(snapshot.Has(VcpuRegisters.Sufficient | VcpuRegisters.Tables));
            Assert.Equal((0x1001UL, Kernel, _host.Efer[1]), (snapshot.Regs.Rip, snapshot.Regs.IdtBase, snapshot.Ia32Efer));
            Assert.Equal((PagingMode.Level4, IgCsType.Bits64), (snapshot.Paging().Mode, snapshot.CsType));
            snapshot.Regs.Rip = 0x9999;
            snapshot.Regs.Cr3 = 0;
            Assert.Equal(0UL, _vcpus[1]->Regs.Rip);
            Assert.Equal(IntStatus.Success, access.Set(in pause, 1, in snapshot.Regs));
            Assert.Equal((0x9999UL, 0xA1UL, _host.Regs[0].Cr3), (_host.Regs[1].Rip, _host.Regs[1].Rax, _host.Regs[1].Cr3));

            _host.QueryAnswers[(int)QueryInfoClass.ReadMsr] = IntStatus.AccessDenied;
            Assert.Equal(
                IntStatus.AccessDenied, access.Read(in pause, 1, VcpuRegisters.Rip | VcpuRegisters.Efer, out snapshot));
            Assert.Equal((true, false), (snapshot.Has(VcpuRegisters.Rip), snapshot.Has(VcpuRegisters.Efer)));
        }

        Assert.Equal((1, 1), (_host.Pauses, _host.Resumes));
    }

    [Fact]
    public void AScopePausesOnceAndResumesOnce()
    {
        using (PauseScope outer = PauseScope.Take(_hypervisor))
        {
            using PauseScope inner = outer.Nest();
            using PauseScope innermost = inner.Nest();
            Assert.Equal((true, true, 1, 0), (inner.IsPaused, innermost.IsPaused, _host.Pauses, _host.Resumes));
        }

        Assert.Equal((1, 1), (_host.Pauses, _host.Resumes));
        using (PauseScope exit = PauseScope.TakeInExit(_hypervisor))
            Assert.True(exit.IsPaused);
        Assert.Equal((2, 2), (_host.Pauses, _host.Resumes));
    }

    [Fact]
    public void WhatCannotPauseIsNotResumed()
    {
        using (PauseScope exit = PauseScope.TakeInExit(_host.Open(pausesInExit: false)))
            Assert.False(exit.IsPaused);
        Assert.Equal(0, _host.Pauses);
        _host.PauseAnswer = IntStatus.NotReady;
        using (PauseScope failed = PauseScope.Take(_hypervisor))
            Assert.False(failed.IsPaused);
        Assert.Equal((0, 0), (_host.Pauses, _host.Resumes));
    }

    [Fact]
    public void ReadingAllTellsOfWhomItFailed()
    {
        VcpuSnapshot[] all = Access().ReadAll();
        Assert.All(all, snapshot => Assert.Equal(IntStatus.Success, snapshot.Status));
        Assert.Equal((0xA0UL, 0xA1UL, 1, 1), (all[0].Regs.Rax, all[1].Regs.Rax, _host.Pauses, _host.Resumes));
        Assert.Equal(2, _host.Queries[(int)QueryInfoClass.RegisterState]);
        _host.QueryAnswers[(int)QueryInfoClass.RegisterState] = IntStatus.NotReady;
        all = Access().ReadAll();
        Assert.All(all, snapshot => Assert.Equal((IntStatus.NotReady, VcpuRegisters.None), (snapshot.Status, snapshot.Valid)));
    }

    [Fact]
    public void ModelSpecificRegistersAreReadByName()
    {
        RegisterAccess access = Access();
        Assert.Equal(IntStatus.NotSupported, access.ReadFsBase(0, out ulong value));
        Assert.Equal(0UL, value);
        Assert.Equal(IntStatus.InvalidParameter1, access.ReadFsBase(2, out _));
        foreach ((uint msr, ulong content) in ((uint, ulong)[])[
            (0xC000_0100, 1), (0xC000_0101, 2), (0xC000_0102, 3), (0x174, 4), (0x175, 5), (0x176, 6), (0xC000_0081, 7),
            (0xC000_0082, 8), (0x1D9, 9)])
        {
            _host.Msrs[msr] = content;
        }

        Assert.Equal(IntStatus.Success, access.ReadFsBase(1, out ulong fs));
        Assert.Equal(IntStatus.Success, access.ReadGsBase(1, out ulong gs));
        Assert.Equal(IntStatus.Success, access.ReadKernelGsBase(1, out ulong kernelGs));
        Assert.Equal(IntStatus.Success, access.ReadSysenter(1, out ulong cs, out ulong eip, out ulong esp));
        Assert.Equal(IntStatus.Success, access.ReadSyscall(1, out ulong star, out ulong lstar));
        Assert.Equal(IntStatus.Success, access.ReadDebugCtl(1, out ulong debugCtl));
        Assert.Equal((1UL, 2UL, 3UL), (fs, gs, kernelGs));
        Assert.Equal((4UL, 6UL, 5UL, 7UL, 8UL, 9UL), (cs, eip, esp, star, lstar, debugCtl));
        Assert.Equal(IntStatus.Success, access.ReadEfer(Vcpu, out ulong efer));
        Assert.Equal(_host.Efer[0], efer);
    }

    [Fact]
    public void TheXsaveAreaIsReadAndWrittenWhole()
    {
        RegisterAccess access = Access();
        byte[] buffer = new byte[1024];
        Assert.Equal(IntStatus.NotSupported, access.ReadXsave(0, buffer, out _));
        _host.Xsave = new byte[832];
        _host.Xsave[831] = 0x77;
        Assert.Equal(IntStatus.DataBufferTooSmall, access.ReadXsave(0, buffer.AsSpan(0, 831), out int size));
        Assert.Equal(832, size);
        Assert.Equal(IntStatus.Success, access.ReadXsave(0, buffer, out size));
        Assert.Equal((832, 0x77), (size, buffer[831]));
        buffer[0] = 0x11;
        Assert.Equal(IntStatus.Success, access.WriteXsave(0, buffer.AsSpan(0, size)));
        Assert.Equal(0x11, _host.Xsave[0]);
        _host.Xsave = new byte[global::Engine.Limits.MaxXsaveBytes + 1];
        Assert.Equal(IntStatus.InvalidDataSize, access.ReadXsave(0, new byte[1 << 16], out _));
    }

    [Theory]
    [InlineData(true, 0UL, 0xFFFF_8888_1234_5678UL)]
    [InlineData(true, 3UL, 0xFFFF_8888_1234_5678UL)]
    [InlineData(false, 0UL, 0x1234_5678UL)]
    [InlineData(false, 7UL, 0x1234_5678UL)]
    public void AGateNamesItsHandler(bool wide, ulong vector, ulong handler)
    {
        RegisterAccess access = Access();
        ulong gate = 0x1000 + (vector * (wide ? 16UL : 8UL));
        _ram.Write(gate, (ushort)handler);
        _ram.Write(gate + 6, (ushort)(handler >> 16));
        if (wide)
            _ram.Write(gate + 8, (uint)(handler >> 32));
        Only32(!wide);
        Assert.Equal(IntStatus.Success, access.ReadIdtHandler(_memory, Vcpu, (byte)vector, out ulong found));
        Assert.Equal(handler, found);
        Assert.Equal(IntStatus.BufferOverflow, access.ReadIdtHandler(_memory, Vcpu, (byte)(wide ? 4 : 8), out found));
        Assert.Equal(0UL, found);
    }

    [Fact]
    public void ATableThatIsNotMappedIsTheWalksStatus()
    {
        _host.Regs[0].IdtBase = 0x7000;
        Assert.Equal(IntStatus.NoMappingStructures, Access().ReadIdtHandler(_memory, Vcpu, 0, out _));
        Assert.Equal(IntStatus.Success, Access().FindIdt(Vcpu, out ulong tableBase, out ushort limit));
        Assert.Equal((0x7000UL, (ushort)0x3F), (tableBase, limit));
        Assert.Equal(IntStatus.Success, Access().FindGdt(Vcpu, out tableBase, out limit));
        Assert.Equal((Kernel + 0x100, (ushort)0x37), (tableBase, limit));
    }

    [Theory]
    [InlineData(0xFFFF_F800_0000_1000UL, 0x7FFD_0000UL, IntStatus.Success, 0xFFFF_F800_0000_1000UL)]
    [InlineData(0x7FFD_0000UL, 0xFFFF_F800_0000_1000UL, IntStatus.Success, 0xFFFF_F800_0000_1000UL)]
    [InlineData(0x7FFD_0000UL, 0x7FFD_0000UL, IntStatus.NotFound, 0UL)]
    public void ThePcrIsWhereAKernelsGsPoints(ulong gs, ulong kernelGs, IntStatus expected, ulong pcr)
    {
        _host.Msrs[0xC000_0101] = gs;
        _host.Msrs[0xC000_0102] = kernelGs;
        Assert.Equal(expected, Access().FindKernelPcr(_memory, Vcpu, out ulong found));
        Assert.Equal(pcr, found);
    }

    [Fact]
    public void ThePcrOf32BitsIsADescriptorsBase()
    {
        Only32(true);
        _ram.WriteBytes(0x1130, [0xFF, 0x0F, 0x34, 0x12, 0x56, 0x93, 0xC0, 0x82]);
        Assert.Equal(IntStatus.Success, Access().FindKernelPcr(_memory, Vcpu, out ulong pcr));
        Assert.Equal(0x8256_1234UL, pcr);
        Vcpu->PushedMask = VcpuRegisters.None;
        _host.Regs[0].GdtLimit = 0x36;
        Assert.Equal(IntStatus.BufferOverflow, Access().FindKernelPcr(_memory, Vcpu, out pcr));
        Assert.Equal(0UL, pcr);
    }

    [Fact]
    public void ThePcrOfAVcpuWithoutRegistersIsTheirStatus()
    {
        Assert.Equal(IntStatus.NotSupported, Access().FindKernelPcr(_memory, Vcpu, out ulong pcr));
        Vcpu->PushedMask = VcpuRegisters.None;
        _host.QueryAnswers[(int)QueryInfoClass.ReadMsr] = IntStatus.AccessDenied;
        Assert.Equal(IntStatus.AccessDenied, Access().FindKernelPcr(_memory, Vcpu, out pcr));
        Assert.Equal(0UL, pcr);
    }

    private RegisterAccess Access(bool appliesDirtyMask = false) => new(_hypervisor, 2, appliesDirtyMask);

    /// <summary>A guest without paging, whose tables are at their physical addresses.</summary>
    private void Only32(bool on)
    {
        if (!on)
            return;
        _host.Efer[0] = 0;
        _host.Regs[0].Cr0 = 1;
        _host.Regs[0].IdtBase = 0x1000;
        _host.Regs[0].GdtBase = 0x1100;
    }
}
