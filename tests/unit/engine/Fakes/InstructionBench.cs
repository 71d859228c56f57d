using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;

namespace Tests.Unit.Fakes;

/// <summary>An InstructionUnit with a record and memory of its own; paging is off, so that linear addresses are physical.</summary>
internal sealed unsafe class InstructionBench : IDisposable
{
    public const ulong Code = 0x1000;

    private readonly VcpuTable _vcpus = new(1);

    public InstructionBench(IgCsType csType = IgCsType.Bits64)
    {
        Memory = Ram.Declare();
        Vcpu->CsType = csType;
        Vcpu->PushedMask = VcpuRegisters.Sufficient;
        Vcpu->Regs.Rip = Code;
    }

    public GuestRam Ram { get; } = new(64);

    public GuestMemory Memory { get; }

    public InstructionUnit Unit { get; } = new();

    public VcpuState* Vcpu => _vcpus[0];

    public ref IgArchRegs Regs => ref Vcpu->Regs;

    /// <summary>Bytes that the last decoding left in the record.</summary>
    public byte[] FetchedBytes => new Span<byte>(Vcpu->Instruction.Bytes, Vcpu->Instruction.Length).ToArray();

    /// <summary>Sets the base of a segment: 0 CS, 1 SS, 2 DS, 3 ES, 4 FS, 5 GS.</summary>
    public void SetSegment(int segment, ulong segmentBase)
    {
        Vcpu->PushedMask |= VcpuRegisters.Segments;
        Vcpu->Segments[segment].Base = segmentBase;
    }

    /// <summary>Decodes an instruction that is put at RIP.</summary>
    public IntStatus Decode(params ReadOnlySpan<byte> code)
    {
        Ram.WriteBytes(Regs.Rip, code);
        return Unit.Decode(Memory, Vcpu);
    }

    public bool TryFind(ulong gpa, out StoreOperand store) => Unit.TryFindStore(Memory, Vcpu, gpa, gla: 0, out store);

    /// <summary>The bytes of the store, or null where they do not follow from registers.</summary>
    public byte[]? Compute()
    {
        if (!Unit.TryEmulate(Memory, Vcpu, hypervisor: null, out InstructionEffect store) || store.Size == 0)
            return null;
        return InstructionEffect.BytesOf(ref store).ToArray();
    }

    public void Dispose()
    {
        Ram.Dispose();
    }
}
