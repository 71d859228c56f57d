using Engine.Abi;
using Engine.Hosting;
using Engine.Vcpus;

namespace Engine.Guests;

/// <summary>Registers of a running guest. From the timer or a function of the interface, not from within an exit.</summary>
/// <param name="hypervisor">Its hypervisor.</param>
/// <param name="registers">Registers of its vCPUs.</param>
internal sealed class VcpuSource(Hypervisor hypervisor, RegisterAccess registers) : ICpuSource
{
    private const ulong Cr4Fred = 1UL << 32;

    /// <inheritdoc/>
    public CpuRegisters[] ReadCpus()
    {
        using PauseScope pause = PauseScope.Take(hypervisor);
        VcpuSnapshot[] snapshots = registers.ReadAll();
        CpuRegisters[] cpus = new CpuRegisters[snapshots.Length];
        for (uint i = 0; i < (uint)cpus.Length; i++)
            cpus[i] = Of(i, in snapshots[i]);
        return cpus;
    }

    /// <inheritdoc/>
    public CpuRegisters ReadFirst()
    {
        registers.ReadRunning(0, VcpuRegisters.FromGprsQuery | VcpuRegisters.Tables | VcpuRegisters.Efer, out VcpuSnapshot snapshot);
        return Of(0, in snapshot);
    }

    private CpuRegisters Of(uint vcpu, in VcpuSnapshot snapshot) => new()
    {
        Cr0 = snapshot.Regs.Cr0, Cr3 = snapshot.Regs.Cr3, Cr4 = snapshot.Regs.Cr4, Efer = snapshot.Ia32Efer, Rip = snapshot.Regs.Rip,
        IdtBase = snapshot.Regs.IdtBase, IdtLimit = (ushort)snapshot.Regs.IdtLimit,
        Lstar = ReadMsr(vcpu, Msrs.Lstar), GsBase = ReadMsr(vcpu, Msrs.GsBase), KernelGsBase = ReadMsr(vcpu, Msrs.KernelGsBase),
        FredConfig = (snapshot.Regs.Cr4 & Cr4Fred) != 0 ? ReadMsr(vcpu, Msrs.FredConfig) : 0,
    };

    private ulong ReadMsr(uint vcpu, uint msr) => hypervisor.ReadMsr(vcpu, msr, out ulong value).IsSuccess() ? value : 0;
}
