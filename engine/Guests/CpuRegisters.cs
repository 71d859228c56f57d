namespace Engine.Guests;

/// <summary>What finding a kernel needs of one vCPU's registers. A register that cannot be had is 0.</summary>
internal readonly record struct CpuRegisters
{
    private const ulong KernelHalf = 1UL << 63;
    private const ulong Cr4Fred = 1UL << 32;
    private const ulong FredPage = ~0xFFFUL;

    /// <summary>CR0.</summary>
    public ulong Cr0 { get; init; }

    /// <summary>CR3 as the hardware has it.</summary>
    public ulong Cr3 { get; init; }

    /// <summary>CR4.</summary>
    public ulong Cr4 { get; init; }

    /// <summary>IA32_EFER.</summary>
    public ulong Efer { get; init; }

    /// <summary>RIP.</summary>
    public ulong Rip { get; init; }

    /// <summary>Where SYSCALL goes.</summary>
    public ulong Lstar { get; init; }

    /// <summary>IA32_FRED_CONFIG.</summary>
    public ulong FredConfig { get; init; }

    /// <summary>Base of the interrupt descriptor table.</summary>
    public ulong IdtBase { get; init; }

    /// <summary>Its limit.</summary>
    public ushort IdtLimit { get; init; }

    /// <summary>Base of GS.</summary>
    public ulong GsBase { get; init; }

    /// <summary>The base that SWAPGS exchanges for it.</summary>
    public ulong KernelGsBase { get; init; }

    /// <summary>The one of the two that is the kernel's; 0: neither is.</summary>
    public ulong KernelGs => (GsBase & KernelHalf) != 0 ? GsBase : (KernelGsBase & KernelHalf) != 0 ? KernelGsBase : 0;

    /// <summary>Where events from user mode enter under FRED; 0: it is not on.</summary>
    public ulong FredEntry => (Cr4 & Cr4Fred) != 0 ? FredConfig & FredPage : 0;
}
