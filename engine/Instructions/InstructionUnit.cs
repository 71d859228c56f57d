using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hosting;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// Fetches and decodes the current instruction of one vCPU, and finds what it accesses in memory. Decoders, buffers and the cache
/// of decoded instructions are made once and reused, so that an exit allocates nothing.
/// </summary>
/// <remarks>Thread safety: one instance a vCPU; used only by the thread that claimed it. The bytes that were fetched are those in
/// the vCPU's record, read once; nothing here reads guest code a second time.</remarks>
internal sealed unsafe partial class InstructionUnit
{
    private const ulong PageMask = 0xFFF;

    private readonly PointerCodeReader _reader = new();
    private readonly Decoder _decoder16;
    private readonly Decoder _decoder32;
    private readonly Decoder _decoder64;
    private readonly InstructionCache _cache = new();
    private readonly InstructionInfoFactory _infoFactory = new();
    private readonly RegisterValues _registers = new();
    private CachedInstruction* _current;
    private readonly Hypervisor? _hypervisor;

    /// <summary>Makes the unit of one vCPU. <paramref name="hypervisor"/>: who is asked for registers that an operand depends on and
    /// that were not pushed; null: nobody, they are not known.</summary>
    public InstructionUnit(Hypervisor? hypervisor = null)
    {
        _hypervisor = hypervisor;
        _decoder16 = Decoder.Create(16, _reader);
        _decoder32 = Decoder.Create(32, _reader);
        _decoder64 = Decoder.Create(64, _reader);
        _current = _cache.At(0);
    }

    /// <summary>The instruction that <see cref="Decode"/> last decoded; valid until the next call of it.</summary>
    public ref readonly Instruction Current => ref _current->Instruction;

    /// <summary>Whether <see cref="Current"/> repeats: REP, REPE, REPNE on a string instruction. Elsewhere the same prefixes mean
    /// nothing, or XRELEASE and XACQUIRE.</summary>
    public bool Repeats => Current.IsStringInstruction && (Current.HasRepPrefix || Current.HasRepnePrefix);

    /// <summary>
    /// Fetches and decodes the instruction at RIP into <see cref="Current"/> and the record's Instruction. The registers that
    /// a page walk needs, RIP and CsType must be valid; outside 64-bit code, the segments if the base of CS is not 0. Fails with
    /// the page walk's status, or <see cref="IntStatus.DisasmError"/>; then the record's Instruction has length 0. What was decoded
    /// before from the same bytes at the same address is not decoded again.
    /// </summary>
    public IntStatus Decode(GuestMemory memory, VcpuState* vcpu)
    {
        VcpuInstruction* record = &vcpu->Instruction;
        ulong rip = vcpu->Regs.Rip;
        record->Rip = rip;
        record->Length = 0;
        int bitness = BitnessOf(vcpu);
        if (bitness == 0)
            return IntStatus.NotSupported;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong linear = LinearOf(vcpu);

        // The next page is asked for only if the instruction needs it.
        byte* bytes = record->Bytes;
        int fetched = (int)Math.Min(Limits.MaxInstructionLength, PageMask + 1 - (linear & PageMask));
        IntStatus status = PageWalk.Translate(memory, in paging, linear, out ulong physical);
        if (!status.IsSuccess())
            return status;
        if (!TryFetch(memory, physical, bytes, fetched))
            return IntStatus.AccessViolation;

        CachedInstruction* entry = _cache.At(rip);
        _current = entry;
        if (entry->IsAt(rip, bitness))
        {
            if (entry->Length > fetched && Begins(entry, bytes, fetched) &&
                !TryFetchRest(memory, in paging, linear, bytes, ref fetched, out status))
            {
                return status;
            }

            if (entry->Length <= fetched && Begins(entry, bytes, entry->Length))
            {
                Show(entry, record);
                return IntStatus.Success;
            }
        }

        return DecodeNew(memory, in paging, linear, entry, record, bitness, fetched);
    }

    /// <summary>Decodes what was fetched into a place of the cache.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus DecodeNew(
        GuestMemory memory, in PagingContext paging, ulong linear, CachedInstruction* entry, VcpuInstruction* record, int bitness,
        int fetched)
    {
        Decoder decoder = DecoderOf(bitness);
        byte* bytes = record->Bytes;
        if (!TryDecode(decoder, bytes, fetched, record->Rip, entry) && fetched < Limits.MaxInstructionLength &&
            decoder.LastError == DecoderError.NoMoreBytes)
        {
            if (!TryFetchRest(memory, in paging, linear, bytes, ref fetched, out IntStatus status))
                return status;
            TryDecode(decoder, bytes, fetched, record->Rip, entry);
        }

        if (entry->Instruction.IsInvalid)
            return IntStatus.DisasmError;

        Keep(entry, record, bitness);
        return IntStatus.Success;
    }

    /// <summary>Fills the place of the cache into which an instruction was decoded, and the record.</summary>
    private static void Keep(CachedInstruction* entry, VcpuInstruction* record, int bitness)
    {
        entry->Rip = record->Rip;
        entry->Low = ((ulong*)record->Bytes)[0];
        entry->High = ((ulong*)record->Bytes)[1];
        entry->Code = (ushort)entry->Instruction.Code;
        entry->Mnemonic = (ushort)entry->Instruction.Mnemonic;
        entry->Bitness = (byte)bitness;
        entry->Length = (byte)entry->Instruction.Length;
        Show(entry, record);
    }

    /// <summary>Reads what is wanted of a page; the sixteen bytes of the record at once where the page has them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryFetch(GuestMemory memory, ulong physical, byte* bytes, int wanted)
    {
        if ((physical & PageMask) > PageMask + 1 - (ulong)sizeof(UInt128))
            return memory.Read(physical, new Span<byte>(bytes, wanted)) == wanted;
        if (!memory.TryRead(physical, out UInt128 all))
            return false;
        *(UInt128*)bytes = all;
        return true;
    }

    /// <summary>Fetches what an instruction may have in the next page.</summary>
    private static bool TryFetchRest(
        GuestMemory memory, in PagingContext paging, ulong linear, byte* bytes, ref int fetched, out IntStatus status)
    {
        Span<byte> rest = new(bytes + fetched, Limits.MaxInstructionLength - fetched);
        LinearMemory.Read(memory, in paging, linear + (ulong)fetched, rest, out status);
        if (!status.IsSuccess())
            return false;
        fetched = Limits.MaxInstructionLength;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Begins(CachedInstruction* entry, byte* bytes, int length) =>
        entry->Begins(((ulong*)bytes)[0], ((ulong*)bytes)[1], length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Show(CachedInstruction* entry, VcpuInstruction* record)
    {
        record->Code = entry->Code;
        record->Mnemonic = entry->Mnemonic;
        record->Bitness = entry->Bitness;
        record->Length = entry->Length;
    }

    private static ulong CsBase(VcpuState* vcpu) =>
        (vcpu->PushedMask & VcpuRegisters.Segments) != VcpuRegisters.None ? vcpu->Segments[0].Base : 0;

    /// <summary>16, 32 or 64, as the code is; 0: CsType says none of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int BitnessOf(VcpuState* vcpu) =>
        vcpu->CsType is >= IgCsType.Bits16 and <= IgCsType.Bits64 ? 8 << (int)vcpu->CsType : 0;

    private Decoder DecoderOf(int bitness) => bitness switch { 64 => _decoder64, 32 => _decoder32, _ => _decoder16 };

    /// <summary>Decodes into a place of the cache; what was there before, the shape of its operands too, counts no longer.</summary>
    private bool TryDecode(Decoder decoder, byte* bytes, int length, ulong rip, CachedInstruction* entry)
    {
        entry->Bitness = 0;
        entry->Shape.Form = OperandForm.New;
        _reader.Reset(bytes, length);
        decoder.IP = rip;
        decoder.Decode(out entry->Instruction);
        return !entry->Instruction.IsInvalid;
    }
}
