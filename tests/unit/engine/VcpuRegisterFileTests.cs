using System;
using Engine.Abi;
using Engine.Hosting;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;
using Xunit;

namespace Tests.Unit;

public sealed unsafe class VcpuRegisterFileTests : IDisposable
{
    private readonly FakeHypervisor _host = new(vcpus: 2);
    private readonly Hypervisor _hypervisor;
    private readonly VcpuTable _vcpus = new(2);

    public VcpuRegisterFileTests()
    {
        _hypervisor = _host.Open();
        _host.Efer[1] = 0x500;
        _host.Cpl[1] = 3;
        fixed (IgArchRegs* regs = &_host.Regs[1])
        {
            for (int i = 0; i < sizeof(IgArchRegs) / 8; i++)
                ((ulong*)regs)[i] = 0x1000 + (ulong)i;
        }
    }

    private VcpuState* Vcpu => _vcpus[1];

    public void Dispose()
    {
        _host.Forget();
    }

    [Fact]
    public void WhatIsPushedIsNotAskedFor()
    {
        Vcpu->PushedMask = VcpuRegisters.Sufficient;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient));
        Assert.All(_host.Queries, count => Assert.Equal(0, count));
    }

    [Fact]
    public void EverythingIsAskedForOnceAnExit()
    {
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient));
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient | VcpuRegisters.Flags));
        Assert.Equal(1, _host.Queries[(int)QueryInfoClass.RegisterStateGprs]);
        Assert.Equal(1, _host.Queries[(int)QueryInfoClass.ReadMsr]);
        Assert.Equal((0x1000UL, 0x100FUL), (Vcpu->Regs.Rax, Vcpu->Regs.R15));
        Assert.Equal(_host.Regs[1].Rip, Vcpu->Regs.Rip);
        Assert.Equal(_host.Regs[1].Cr3, Vcpu->Regs.Cr3);
        Assert.Equal(_host.Regs[1].Flags, Vcpu->Regs.Flags);
        Assert.Equal((0x500UL, IgCsType.Bits64, 3U), (Vcpu->Ia32Efer, Vcpu->CsType, Vcpu->Cpl));
    }

    [Fact]
    public void APushedRegisterKeepsItsValue()
    {
        Vcpu->PushedMask = VcpuRegisters.Rip | VcpuRegisters.Cr3 | (VcpuRegisters)(1UL << 6) | VcpuRegisters.Efer;
        Vcpu->Regs.Rip = 0xAAAA;
        Vcpu->Regs.Cr3 = 0xBBBB;
        Vcpu->Regs.Rsi = 0xCCCC;
        Vcpu->Ia32Efer = 0xDDDD;
        Vcpu->Regs.IdtBase = 0xEEEE;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient));
        Assert.Equal((0xAAAAUL, 0xBBBBUL, 0xCCCCUL, 0xDDDDUL), (Vcpu->Regs.Rip, Vcpu->Regs.Cr3, Vcpu->Regs.Rsi, Vcpu->Ia32Efer));
        Assert.Equal(_host.Regs[1].Rdi, Vcpu->Regs.Rdi);
        Assert.Equal(0xEEEEUL, Vcpu->Regs.IdtBase);
        Assert.Equal(0, _host.Queries[(int)QueryInfoClass.ReadMsr]);
    }

    [Theory]
    [InlineData(QueryInfoClass.RegisterStateGprs)]
    [InlineData(QueryInfoClass.ReadMsr)]
    [InlineData(QueryInfoClass.CsType)]
    [InlineData(QueryInfoClass.CsRing)]
    public void ARefusedQueryIsItsStatus(QueryInfoClass refused)
    {
        _host.QueryAnswers[(int)refused] = IntStatus.AccessDenied;
        Assert.Equal(IntStatus.AccessDenied, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient));
        _host.QueryAnswers[(int)refused] = IntStatus.Success;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Sufficient));
    }

    [Theory]
    [InlineData(VcpuRegisters.Segments)]
    [InlineData(VcpuRegisters.Xcr0)]
    public void WhatNoQueryAnswersIsNotSupported(VcpuRegisters wanted) =>
        Assert.Equal(IntStatus.NotSupported, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, wanted));

    [Fact]
    public void ThePagingModeIsThatOfTheRecord()
    {
        Vcpu->Regs.Cr0 = 0x8000_0000;
        Vcpu->Regs.Cr4 = 0x20;
        Vcpu->Ia32Efer = 0x400;
        Vcpu->Regs.Cr3 = 0x1234_5000;
        PagingContext paging = VcpuRegisterFile.Paging(Vcpu);
        Assert.Equal((PagingMode.Level4, 0x1234_5000UL), (paging.Mode, paging.Cr3));
    }
}
