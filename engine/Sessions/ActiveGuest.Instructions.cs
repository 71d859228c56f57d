using Engine.Abi;
using Engine.Concurrency;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <content>Questions about the instruction at a vCPU's RIP.</content>
internal sealed unsafe partial class ActiveGuest
{
    /// <summary>What fetching and decoding needs.</summary>
    private const VcpuRegisters ForDecoding =
        VcpuRegisters.Rip | VcpuRegisters.Cr0 | VcpuRegisters.Cr3 | VcpuRegisters.Cr4 | VcpuRegisters.Efer | VcpuRegisters.CsType;

    /// <summary>Claims a vCPU that is in no exit, to look at it. Anything but success means that nothing was claimed.</summary>
    public IntStatus Hold(uint vcpu, out VcpuBlock* block)
    {
        block = _blocks + vcpu;
        if (vcpu >= _vcpuCount)
            return IntStatus.InvalidParameter2;
        if (!_claims.TryClaim(&block->Claim))
            return IntStatus.Busy;
        if (!_closing)
            return IntStatus.Success;
        ClaimTable.Release(&block->Claim);
        return IntStatus.NotInitialized;
    }

    /// <summary>Gives a vCPU back that was held; what was pushed into its record counts no longer.</summary>
    public static void LetGo(VcpuBlock* block)
    {
        block->Record.PushedMask = VcpuRegisters.None;
        ClaimTable.Release(&block->Claim);
    }

    /// <summary>
    /// Decodes the instruction at RIP of a vCPU that is held (spec/10, section 4). Registers that were pushed into its record count,
    /// others are asked for. Fails with the status of the glue's query, of the page walk, or DISASM_ERROR. The length and the
    /// number of the mnemonic are in the record.
    /// </summary>
    public IntStatus DecodeCurrent(VcpuState* vcpu)
    {
        IntStatus status = VcpuRegisterFile.Ensure(Hypervisor, vcpu, ForDecoding);
        return status.IsSuccess() ? UnitOf(vcpu).Decode(_memory, vcpu) : status;
    }
}
