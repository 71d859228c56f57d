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

    [Fact]
    public void EveryClassIsAskedForByItself()
    {
        _host.Segments[1] = new IgSegRegs
        {
            CsBase = 1, CsLimit = 2, CsSelector = 3, CsAr = 4, SsBase = 5, DsBase = 6, EsBase = 7, FsBase = 8,
            GsBase = 0xFFFF_8880_0000_0000, GsLimit = 0xFFFF_FFFF, GsSelector = 0x2B, GsAr = 0xC0F3,
        };
        _host.Xcr0 = 7;
        _host.EptIndex = 2;
        Vcpu->PushedMask = VcpuRegisters.Rip;
        Vcpu->Regs.Rip = 0xAAAA;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Xcr0));
        Assert.Equal((7UL, 1), (Vcpu->Xcr0, _host.Queries[(int)QueryInfoClass.GetXcr0]));
        Assert.Equal(0, _host.Queries[(int)QueryInfoClass.SegRegisters]);
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Segments | VcpuRegisters.EptpIndex));
        VcpuSegment cs = Vcpu->Segments[0], gs = Vcpu->Segments[5];
        Assert.Equal((1UL, 2U, (ushort)3, (ushort)4), (cs.Base, cs.Limit, cs.Selector, cs.Attributes));
        Assert.Equal((5UL, 6UL, 7UL, 8UL), (Vcpu->Segments[1].Base, Vcpu->Segments[2].Base, Vcpu->Segments[3].Base, Vcpu->Segments[4].Base));
        Assert.Equal((0xFFFF_8880_0000_0000UL, 0xFFFF_FFFFU, (ushort)0x2B, (ushort)0xC0F3), (gs.Base, gs.Limit, gs.Selector, gs.Attributes));
        Assert.Equal(2U, Vcpu->EptpIndex);
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.Tables | VcpuRegisters.Cr3));
        Assert.Equal((_host.Regs[1].IdtBase, _host.Regs[1].GdtLimit, 0xAAAAUL), (Vcpu->Regs.IdtBase, Vcpu->Regs.GdtLimit, Vcpu->Regs.Rip));
        Assert.Equal(0, _host.Queries[(int)QueryInfoClass.RegisterStateGprs]);
        Assert.Equal(1, _host.Queries[(int)QueryInfoClass.RegisterState]);
    }

    [Theory]
    [InlineData(IntStatus.NotSupported)]
    [InlineData(IntStatus.OperationNotSupported)]
    public void WithoutManyEptsTheIndexIsNought(IntStatus answer)
    {
        _host.QueryAnswers[(int)QueryInfoClass.EptpIndex] = answer;
        Vcpu->EptpIndex = 9;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, VcpuRegisters.EptpIndex));
        Assert.Equal(0U, Vcpu->EptpIndex);
    }

    [Theory]
    [InlineData(QueryInfoClass.SegRegisters, VcpuRegisters.Segments)]
    [InlineData(QueryInfoClass.GetXcr0, VcpuRegisters.Xcr0)]
    [InlineData(QueryInfoClass.EptpIndex, VcpuRegisters.EptpIndex)]
    [InlineData(QueryInfoClass.RegisterState, VcpuRegisters.Tables)]
    public void ARefusedClassIsAskedForAgain(QueryInfoClass refused, VcpuRegisters wanted)
    {
        _host.QueryAnswers[(int)refused] = IntStatus.AccessDenied;
        Assert.Equal(IntStatus.AccessDenied, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, wanted));
        Assert.Equal(VcpuRegisters.None, Vcpu->PushedMask);
        _host.QueryAnswers[(int)refused] = IntStatus.Success;
        Assert.Equal(IntStatus.Success, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, wanted));
    }

    [Fact]
    public void WhatNoQueryAnswersIsNotSupported() =>
        Assert.Equal(IntStatus.NotSupported, VcpuRegisterFile.Ensure(_hypervisor, Vcpu, (VcpuRegisters)(1UL << 40)));

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
