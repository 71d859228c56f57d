using System;
using Engine.Abi;

namespace Engine.Vcpus;

/// <content>Model-specific registers, one READ_MSR each, and the XSAVE area.</content>
internal sealed unsafe partial class RegisterAccess
{
    /// <summary>IA32_EFER.</summary>
    public IntStatus ReadEfer(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Efer, in vcpu->Ia32Efer, out value);

    /// <summary>Base of FS.</summary>
    public IntStatus ReadFsBase(uint vcpu, out ulong value) => ReadMsr(vcpu, Msrs.FsBase, out value);

    /// <summary>Base of GS.</summary>
    public IntStatus ReadGsBase(uint vcpu, out ulong value) => ReadMsr(vcpu, Msrs.GsBase, out value);

    /// <summary>Base that SWAPGS exchanges for GS's.</summary>
    public IntStatus ReadKernelGsBase(uint vcpu, out ulong value) => ReadMsr(vcpu, Msrs.KernelGsBase, out value);

    /// <summary>What SYSENTER loads. The first register that cannot be read is the status.</summary>
    public IntStatus ReadSysenter(uint vcpu, out ulong cs, out ulong eip, out ulong esp)
    {
        eip = esp = 0;
        IntStatus status = ReadMsr(vcpu, Msrs.SysenterCs, out cs);
        if (status.IsSuccess())
            status = ReadMsr(vcpu, Msrs.SysenterEip, out eip);
        return status.IsSuccess() ? ReadMsr(vcpu, Msrs.SysenterEsp, out esp) : status;
    }

    /// <summary>What SYSCALL loads.</summary>
    public IntStatus ReadSyscall(uint vcpu, out ulong star, out ulong lstar)
    {
        lstar = 0;
        IntStatus status = ReadMsr(vcpu, Msrs.Star, out star);
        return status.IsSuccess() ? ReadMsr(vcpu, Msrs.Lstar, out lstar) : status;
    }

    /// <summary>IA32_DEBUGCTL.</summary>
    public IntStatus ReadDebugCtl(uint vcpu, out ulong value) => ReadMsr(vcpu, Msrs.DebugCtl, out value);

    /// <summary>Reads the XSAVE area; <paramref name="size"/>: its bytes. <see cref="IntStatus.DataBufferTooSmall"/>: the buffer has
    /// fewer, of which <paramref name="size"/> tells then, too. More than <see cref="Limits.MaxXsaveBytes"/> are not believed.</summary>
    public IntStatus ReadXsave(uint vcpu, Span<byte> buffer, out int size)
    {
        uint bytes = 0;
        IntStatus status = _hypervisor.Query(QueryInfoClass.XsaveSize, vcpu, ref bytes);
        size = (int)bytes;
        if (!status.IsSuccess())
            return status;
        if (bytes is 0 or > Limits.MaxXsaveBytes)
            return IntStatus.InvalidDataSize;
        return size > buffer.Length
            ? IntStatus.DataBufferTooSmall
            : _hypervisor.QueryBytes(QueryInfoClass.XsaveArea, vcpu, buffer[..size]);
    }

    /// <summary>Sets the XSAVE area to what <see cref="ReadXsave"/> has given, changed or not.</summary>
    public IntStatus WriteXsave(uint vcpu, Span<byte> area) => _hypervisor.QueryBytes(QueryInfoClass.SetXsaveArea, vcpu, area);

    private IntStatus ReadMsr(uint vcpu, uint msr, out ulong value)
    {
        value = 0;
        return vcpu < _vcpuCount ? _hypervisor.ReadMsr(vcpu, msr, out value) : IntStatus.InvalidParameter1;
    }
}
