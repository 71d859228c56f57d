using System.Runtime.CompilerServices;

namespace Engine.Memory;

/// <summary>
/// The registers that decide how a linear address is translated, and what may be done at it (SDM 3A, 4.1). CR3 is the one that
/// is given: the engine never puts one table of a process in the place of another. Who wants the kernel's half of an address
/// space whose user half is in use (KPTI) asks with the kernel's CR3: <see cref="WithCr3"/>.
/// </summary>
internal readonly struct PagingContext
{
    /// <summary>No vCPU: nothing is remembered of the translations.</summary>
    public const uint NoVcpu = uint.MaxValue;

    private const ulong Cr0Wp = 1UL << 16;
    private const ulong Cr0Pg = 1UL << 31;
    private const ulong Cr4Pse = 1UL << 4;
    private const ulong Cr4Pae = 1UL << 5;
    private const ulong Cr4La57 = 1UL << 12;
    private const ulong Cr4Smep = 1UL << 20;
    private const ulong Cr4Smap = 1UL << 21;
    private const ulong Cr4Pke = 1UL << 22;
    private const ulong Cr4Pks = 1UL << 24;
    private const ulong EferLma = 1UL << 10;
    private const ulong EferNxe = 1UL << 11;

    private readonly ulong _cr0;
    private readonly ulong _cr4;
    private readonly ulong _efer;

    /// <summary>A context of these registers. <paramref name="vcpu"/>: the vCPU that the calling thread has claimed, whose
    /// translations may be remembered; <see cref="NoVcpu"/>: none.</summary>
    public PagingContext(ulong cr0, ulong cr3, ulong cr4, ulong efer, uint vcpu = NoVcpu)
    {
        _cr0 = cr0;
        Cr3 = cr3;
        _cr4 = cr4;
        _efer = efer;
        Vcpu = vcpu;
        Mode = (cr0 & Cr0Pg) == 0 ? PagingMode.None
            : (efer & EferLma) != 0 ? (cr4 & Cr4La57) != 0 ? PagingMode.Level5 : PagingMode.Level4
            : (cr4 & Cr4Pae) != 0 ? PagingMode.Pae
            : PagingMode.Bits32;
    }

    private PagingContext(PagingMode mode, ulong cr3, uint vcpu)
    {
        _cr0 = Cr0Wp;
        Cr3 = cr3;
        _cr4 = Cr4Pse;
        _efer = EferNxe;
        Vcpu = vcpu;
        Mode = mode;
    }

    private PagingContext(in PagingContext other, ulong cr3)
    {
        this = other;
        Cr3 = cr3;
    }

    /// <summary>CR3 as it is: PCID and flags included.</summary>
    public ulong Cr3 { get; }

    /// <summary>Mode that follows from the registers.</summary>
    public PagingMode Mode { get; }

    /// <summary>Number of the vCPU whose translations may be remembered, or <see cref="NoVcpu"/>.</summary>
    public uint Vcpu { get; }

    /// <summary>Guest-physical address of the first table that a walk reads.</summary>
    public ulong Root
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Cr3 & (Mode >= PagingMode.Level4 ? PageEntry.AddressMask : Mode == PagingMode.Pae ? 0xFFFF_FFE0 : 0xFFFF_F000);
    }

    /// <summary>CR4.PSE: 4 MiB pages in 32-bit paging.</summary>
    public bool HasLargePages32 => (_cr4 & Cr4Pse) != 0;

    /// <summary>EFER.NXE: entries have XD, which is reserved without it.</summary>
    public bool HasNoExecute => (_efer & EferNxe) != 0;

    /// <summary>CR0.WP: supervisor code may not write to read-only pages.</summary>
    public bool IsWriteProtected => (_cr0 & Cr0Wp) != 0;

    /// <summary>CR4.SMEP: supervisor code may not be at user-mode addresses.</summary>
    public bool HasSmep => (_cr4 & Cr4Smep) != 0;

    /// <summary>CR4.SMAP: supervisor code may touch user-mode addresses only with RFLAGS.AC.</summary>
    public bool HasSmap => (_cr4 & Cr4Smap) != 0;

    /// <summary>Protection keys of user-mode addresses count (PKRU).</summary>
    public bool HasUserKeys => (_cr4 & Cr4Pke) != 0 && Mode >= PagingMode.Level4;

    /// <summary>Protection keys of supervisor-mode addresses count (IA32_PKRS).</summary>
    public bool HasSupervisorKeys => (_cr4 & Cr4Pks) != 0 && Mode >= PagingMode.Level4;

    /// <summary>A context of a mode that is said, for tables that no vCPU uses at the moment. Large pages and XD are on, as with
    /// every kernel that has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PagingContext Of(PagingMode mode, ulong cr3, uint vcpu = NoVcpu) => new(mode, cr3, vcpu);

    /// <summary>The same registers with another CR3.</summary>
    public PagingContext WithCr3(ulong cr3) => new(in this, cr3);
}
