namespace Engine.Injection;

/// <summary>What the guest's model knows of address spaces.</summary>
internal interface IAddressSpaces
{
    /// <summary>The CR3 that stands for an address space, of one that a vCPU has: with KPTI a process has two, of which the kernel's
    /// counts. Flags and PCID have been taken off.</summary>
    ulong KernelCr3Of(ulong cr3);
}
