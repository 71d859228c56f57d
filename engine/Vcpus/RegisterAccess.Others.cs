using Engine.Abi;

namespace Engine.Vcpus;

/// <content>vCPUs whose exit it is not.</content>
internal sealed unsafe partial class RegisterAccess
{
    /// <summary>
    /// Registers of any vCPU while all are paused. <see cref="IntStatus.InvalidParameter2"/>: no such vCPU;
    /// <see cref="IntStatus.InvalidOperationState"/>: they are not paused, and the values would belong to different moments. What the
    /// glue refuses is its status; <see cref="VcpuSnapshot.Valid"/> says how far it came.
    /// </summary>
    public IntStatus Read(in PauseScope pause, uint vcpu, VcpuRegisters wanted, out VcpuSnapshot snapshot)
    {
        snapshot = default;
        if (vcpu >= _vcpuCount)
            return IntStatus.InvalidParameter2;
        return pause.IsPaused ? ReadNow(vcpu, wanted, out snapshot) : IntStatus.InvalidOperationState;
    }

    /// <summary>Sets general-purpose registers, RIP and flags of another vCPU while all are paused; not through its record, which is
    /// not the caller's. Statuses as those of Read.</summary>
    public IntStatus Set(in PauseScope pause, uint vcpu, in IgArchRegs regs)
    {
        if (vcpu >= _vcpuCount)
            return IntStatus.InvalidParameter2;
        if (!pause.IsPaused)
            return IntStatus.InvalidOperationState;

        IgArchRegs current = default;
        IntStatus status = _hypervisor.Query(QueryInfoClass.RegisterStateGprs, vcpu, ref current);
        if (!status.IsSuccess())
            return status;
        VcpuRegisterFile.CopySettable(ref current, in regs);
        return _hypervisor.Query(QueryInfoClass.SetRegisters, vcpu, ref current);
    }

    /// <summary>
    /// Registers of every vCPU, at one moment where the glue can pause. Of one whose registers cannot be had the snapshot says why. For
    /// the start of protections, each of which needs some of them; not from within an exit.
    /// </summary>
    public VcpuSnapshot[] ReadAll()
    {
        VcpuSnapshot[] all = new VcpuSnapshot[_vcpuCount];
        using PauseScope pause = PauseScope.Take(_hypervisor);
        for (uint vcpu = 0; vcpu < _vcpuCount; vcpu++)
            ReadNow(vcpu, VcpuRegisters.FromGprsQuery | VcpuRegisters.Tables | VcpuRegisters.Efer, out all[vcpu]);
        return all;
    }

    /// <summary>Registers of any vCPU as they are, also while it runs: then they may be of different moments.</summary>
    public IntStatus ReadRunning(uint vcpu, VcpuRegisters wanted, out VcpuSnapshot snapshot)
    {
        snapshot = default;
        return vcpu < _vcpuCount ? ReadNow(vcpu, wanted, out snapshot) : IntStatus.InvalidParameter2;
    }

    private IntStatus ReadNow(uint vcpu, VcpuRegisters wanted, out VcpuSnapshot snapshot)
    {
        VcpuState record = default;
        record.Index = vcpu;
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, &record, wanted);
        snapshot = new VcpuSnapshot
        {
            Status = status, Valid = record.PushedMask, Regs = record.Regs, Ia32Efer = record.Ia32Efer, CsType = record.CsType, Cpl = record.Cpl,
            Segments = record.Segments,
        };
        return status;
    }
}
