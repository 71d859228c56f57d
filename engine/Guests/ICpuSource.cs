namespace Engine.Guests;

/// <summary>Where the registers of a machine's vCPUs come from: a running guest, or a file.</summary>
internal interface ICpuSource
{
    /// <summary>Registers of all vCPUs, of one moment where that can be had.</summary>
    CpuRegisters[] ReadCpus();

    /// <summary>Registers of the first vCPU, without allocating; while it runs they may be of different moments.</summary>
    CpuRegisters ReadFirst();
}
