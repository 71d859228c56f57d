using System;
using System.Buffers.Text;
using Engine.Abi;
using Engine.Alerts;
using Engine.Hooks;
using Engine.Hosting;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <summary>The debugger's commands (DebugProcessCommand), about one vCPU that is in no exit.</summary>
/// <remarks>Thread safety: by one thread at a time, which holds the vCPU.</remarks>
internal sealed unsafe class DebugCommands
{
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly RegisterHooks _hooks;
    private readonly CodeDump _dump;
    private readonly CrWriteTrace _trace;

    public DebugCommands(Hypervisor hypervisor, GuestMemory memory, RegisterHooks hooks, CodeDump dump)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _hooks = hooks;
        _dump = dump;
        _trace = new CrWriteTrace(hypervisor.Log);
    }

    /// <summary>
    /// Does what the first word says. <see cref="IntStatus.NotFound"/>: no such command; <see cref="IntStatus.InvalidParameter4"/>: a
    /// word is missing, or makes no sense; else the command's own status.
    /// </summary>
    /// <param name="vcpu">Record of the vCPU.</param>
    /// <param name="command">The first word.</param>
    /// <param name="argument">The second, or nothing.</param>
    public IntStatus Run(VcpuState* vcpu, ReadOnlySpan<byte> command, ReadOnlySpan<byte> argument)
    {
        if (command.SequenceEqual("!curproc"u8))
            return LogCurrentProcess(vcpu);
        if (command.SequenceEqual("!regs"u8))
            return DumpCode(vcpu);
        if (command.SequenceEqual("!testcrhookset"u8))
            return TraceCr(argument);
        if (!command.SequenceEqual("!testcrhookremove"u8))
            return IntStatus.NotFound;
        _hooks.Remove(_trace);
        return IntStatus.Success;
    }

    /// <summary>Hooks nothing any more.</summary>
    public void Stop() => _hooks.Remove(_trace);

    /// <summary>"!curproc" (DbgLogCurrentProcess): the process that the vCPU runs; without a model of the guest's system there is
    /// none.</summary>
    private IntStatus LogCurrentProcess(VcpuState* vcpu)
    {
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Cr3);
        _hypervisor.Log.Write(
            IgLogLevel.Info, $"vcpu {vcpu->Index} cr3 {(status.IsSuccess() ? vcpu->Regs.Cr3 : 0):x}: the guest's processes are not known");
        return IntStatus.NotSupported;
    }

    private IntStatus DumpCode(VcpuState* vcpu)
    {
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
            return status;
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong rip = vcpu->Regs.Rip;
        status = PageWalk.Translate(_memory, in paging, rip, out ulong physical);
        return status.IsSuccess() ? _dump.Write(vcpu, rip, physical) : status;
    }

    private IntStatus TraceCr(ReadOnlySpan<byte> number)
    {
        if (!Utf8Parser.TryParse(number, out uint cr, out int used) || used != number.Length || cr is not (0 or 3 or 4 or 8))
            return IntStatus.InvalidParameter4;
        _hooks.Remove(_trace);
        return _hooks.Set(RegisterKind.Cr, cr, _trace);
    }
}
