using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Engine.Vcpus;

/// <summary>
/// The register protocol of a guest (spec/11): reading and changing registers of the vCPU whose exit it is, and of others while they
/// are paused.
/// </summary>
/// <remarks>
/// <para>Of the vCPU whose exit it is: registers are in its record once they have been pushed or asked for, valid to the end of the exit
/// (VcpuRegisterFile). A change is made in the record and then made real by Set: through the record's DirtyMask where the
/// glue applies it, else through SET_REGISTERS. The record's CR3 is always the hardware's, whatever address space a caller works in,
/// so that nothing substituted can be written back.</para>
/// <para>A query that fails is a status; nothing ends for it.</para>
/// <para>Thread safety: members that take a record are for whoever has claimed its vCPU; the others for any thread.</para>
/// </remarks>
internal sealed unsafe partial class RegisterAccess
{
    /// <summary>Registers that the engine changes, and that a glue has to be able to set.</summary>
    public const VcpuRegisters Settable = VcpuRegisters.Gprs | VcpuRegisters.Rip | VcpuRegisters.Flags;

    private const int Unknown = 0;
    private const int Possible = 1;
    private const int Impossible = 2;

    private readonly Hypervisor _hypervisor;
    private readonly bool _appliesDirtyMask;
    private readonly uint _vcpuCount;
    private int _setRegisters;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="vcpuCount">Number of its vCPUs.</param>
    /// <param name="appliesDirtyMask">Whether the glue applies DirtyMask (INTRO_GUEST_APPLIES_DIRTY_MASK).</param>
    public RegisterAccess(Hypervisor hypervisor, int vcpuCount, bool appliesDirtyMask)
    {
        _hypervisor = hypervisor;
        _vcpuCount = (uint)vcpuCount;
        _appliesDirtyMask = appliesDirtyMask;
    }

    /// <summary>Whether changes go through the record's DirtyMask.</summary>
    public bool AppliesDirtyMask => _appliesDirtyMask;

    /// <summary>False: it is known that registers cannot be set.</summary>
    public bool MayBeSettable => Volatile.Read(ref _setRegisters) != Impossible;

    /// <summary>Makes sure that the wanted registers are valid in the record; see VcpuRegisterFile.</summary>
    public IntStatus Ensure(VcpuState* vcpu, VcpuRegisters wanted) => VcpuRegisterFile.Ensure(_hypervisor, vcpu, wanted);

    /// <summary>General-purpose and control registers, RIP and flags of the vCPU, as a copy.</summary>
    public IntStatus Get(VcpuState* vcpu, out IgArchRegs regs)
    {
        IntStatus status = Ensure(vcpu, VcpuRegisters.FromGprsQuery);
        regs = status.IsSuccess() ? vcpu->Regs : default;
        return status;
    }

    /// <summary>RIP.</summary>
    public IntStatus ReadRip(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Rip, in vcpu->Regs.Rip, out value);

    /// <summary>CR0.</summary>
    public IntStatus ReadCr0(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Cr0, in vcpu->Regs.Cr0, out value);

    /// <summary>CR3 as the hardware has it.</summary>
    public IntStatus ReadCr3(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Cr3, in vcpu->Regs.Cr3, out value);

    /// <summary>CR4.</summary>
    public IntStatus ReadCr4(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Cr4, in vcpu->Regs.Cr4, out value);

    /// <summary>CR8.</summary>
    public IntStatus ReadCr8(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Cr8, in vcpu->Regs.Cr8, out value);

    /// <summary>XCR0.</summary>
    public IntStatus ReadXcr0(VcpuState* vcpu, out ulong value) =>
        Read(vcpu, VcpuRegisters.Xcr0, in vcpu->Xcr0, out value);

    /// <summary>Index of the EPT in use; 0 where the glue has one EPT alone.</summary>
    public IntStatus ReadEptIndex(VcpuState* vcpu, out uint index)
    {
        IntStatus status = Ensure(vcpu, VcpuRegisters.EptpIndex);
        index = status.IsSuccess() ? vcpu->EptpIndex : 0;
        return status;
    }

    /// <summary>
    /// Makes sure that registers of this vCPU can be set, which is tried once, and that everything which setting them needs is in the
    /// record. To be asked before something that cannot be taken back.
    /// </summary>
    public bool CanSet(VcpuState* vcpu)
    {
        if (_appliesDirtyMask)
            return Ensure(vcpu, VcpuRegisters.Flags).IsSuccess();

        int known = Volatile.Read(ref _setRegisters);
        if (known == Impossible || !Ensure(vcpu, VcpuRegisters.FromGprsQuery).IsSuccess())
            return false;
        if (known == Possible)
            return true;

        // Registers as they are: harmless, and it tells whether the glue can.
        bool possible = SetAll(vcpu).IsSuccess();
        Volatile.Write(ref _setRegisters, possible ? Possible : Impossible);
        if (!possible)
            _hypervisor.Log.Write(IgLogLevel.Warning, $"registers cannot be set: the hypervisor completes every store by itself");
        return possible;
    }

    /// <summary>
    /// Makes real what was changed in the record: registers named in <paramref name="changed"/>, of <see cref="Settable"/>. On failure
    /// the caller puts the record back. While the #VE agent speaks for the vCPU (VeContext) the registers are those of its information
    /// page, to which they go back at the end of the dispatch: the record alone is changed (spec/11, section 4).
    /// </summary>
    public IntStatus Set(VcpuState* vcpu, VcpuRegisters changed)
    {
        if ((changed & ~Settable) != VcpuRegisters.None)
            return IntStatus.InvalidParameter2;

        VcpuRegisters known = vcpu->PushedMask;
        vcpu->PushedMask |= changed;
        if (vcpu->VeContext != 0)
            return IntStatus.Success;

        if (_appliesDirtyMask)
        {
            vcpu->DirtyMask |= changed;
            return IntStatus.Success;
        }

        // All of them go over: what was neither pushed nor changed is asked for first, else it would be overwritten.
        IntStatus status = Ensure(vcpu, VcpuRegisters.FromGprsQuery);
        if (status.IsSuccess())
            status = SetAll(vcpu);
        if (!status.IsSuccess())
            vcpu->PushedMask &= ~(changed & ~known);
        return status;
    }

    /// <summary>Sets general-purpose registers, RIP and flags; everything else of <paramref name="regs"/>, CR3 above all, is ignored.
    /// On failure the record is as it was.</summary>
    public IntStatus Set(VcpuState* vcpu, in IgArchRegs regs)
    {
        IgArchRegs before = vcpu->Regs;
        VcpuRegisterFile.CopySettable(ref vcpu->Regs, in regs);
        IntStatus status = Set(vcpu, Settable);
        if (!status.IsSuccess())
            VcpuRegisterFile.CopySettable(ref vcpu->Regs, in before);
        return status;
    }

    private IntStatus SetAll(VcpuState* vcpu) => _hypervisor.Query(QueryInfoClass.SetRegisters, vcpu->Index, ref vcpu->Regs);

    private IntStatus Read(VcpuState* vcpu, VcpuRegisters register, in ulong place, out ulong value)
    {
        IntStatus status = Ensure(vcpu, register);
        value = status.IsSuccess() ? place : 0;
        return status;
    }
}
