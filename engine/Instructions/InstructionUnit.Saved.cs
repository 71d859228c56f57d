using System;
using Engine.Abi;
using Engine.Vcpus;

namespace Engine.Instructions;

/// <content>Instructions whose bytes somebody has saved.</content>
internal sealed unsafe partial class InstructionUnit
{
    /// <summary>Linear address of the instruction at RIP, as far as the base of CS is known.</summary>
    public static ulong LinearOf(VcpuState* vcpu) =>
        vcpu->CsType == IgCsType.Bits64 ? vcpu->Regs.Rip : (uint)(vcpu->Regs.Rip + CsBase(vcpu));

    /// <summary>
    /// Decodes bytes, up to 15 of which count, as the instruction at the record's RIP, as Decode does with those of memory. RIP and
    /// CsType must be valid. <see cref="IntStatus.DisasmError"/>: they are none, or too few; then the record's Instruction has length
    /// 0.
    /// </summary>
    public IntStatus DecodeSaved(VcpuState* vcpu, ReadOnlySpan<byte> saved)
    {
        VcpuInstruction* record = &vcpu->Instruction;
        record->Rip = vcpu->Regs.Rip;
        record->Length = 0;
        int bitness = BitnessOf(vcpu);
        if (bitness == 0)
            return IntStatus.NotSupported;

        saved = saved[..Math.Min(saved.Length, Limits.MaxInstructionLength)];
        saved.CopyTo(new Span<byte>(record->Bytes, saved.Length));
        CachedInstruction* entry = _cache.At(record->Rip);
        _current = entry;
        if (!TryDecode(DecoderOf(bitness), record->Bytes, saved.Length, record->Rip, entry))
            return IntStatus.DisasmError;
        Keep(entry, record, bitness);
        return IntStatus.Success;
    }
}
