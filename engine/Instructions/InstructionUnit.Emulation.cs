using System;
using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <content>What the instruction does.</content>
internal sealed unsafe partial class InstructionUnit
{
    private byte[] _xsave = [];

    /// <summary>
    /// Computes what <see cref="Current"/> stores and how it changes registers. False: it is not emulated, or something that it
    /// depends on is not known.
    /// </summary>
    /// <param name="memory">The guest's memory, for what it reads.</param>
    /// <param name="vcpu">The record; what is not in PushedMask is not known.</param>
    /// <param name="hypervisor">Who is asked for vector registers where they are needed; null: they are not known.</param>
    /// <param name="store">What it does.</param>
    public bool TryEmulate(GuestMemory memory, VcpuState* vcpu, Hypervisor? hypervisor, out InstructionEffect store)
    {
        ReadOnlySpan<byte> xsave = hypervisor is not null && InstructionEmulator.NeedsVectors(in Current)
            ? ReadXsave(hypervisor, vcpu->Index)
            : [];
        return InstructionEmulator.TryEmulate(in Current, _registers, memory, vcpu, xsave, out store);
    }

    /// <summary>Reads the vCPU's XSAVE area; nothing where the glue does not give it.</summary>
    private ReadOnlySpan<byte> ReadXsave(Hypervisor hypervisor, uint vcpu)
    {
        uint size = 0;
        if (!hypervisor.Query(QueryInfoClass.XsaveSize, vcpu, ref size).IsSuccess() || size is 0 or > Limits.MaxXsaveBytes)
            return [];

        // Once a vCPU, the first time that it matters.
        if (_xsave.Length < (int)size)
            _xsave = GC.AllocateUninitializedArray<byte>((int)size, pinned: true);
        Span<byte> area = _xsave.AsSpan(0, (int)size);
        return hypervisor.QueryBytes(QueryInfoClass.XsaveArea, vcpu, area).IsSuccess() ? area : [];
    }
}
