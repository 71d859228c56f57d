using System;
using Engine.Abi;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// Fetches and decodes the current instruction of one vCPU, and finds what it stores. Decoders and buffers are made once and
/// reused, so that an exit allocates nothing.
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
    private readonly InstructionInfoFactory _infoFactory = new();
    private readonly RegisterValues _registers = new();
    private Instruction _instruction;

    public InstructionUnit()
    {
        _decoder16 = Decoder.Create(16, _reader);
        _decoder32 = Decoder.Create(32, _reader);
        _decoder64 = Decoder.Create(64, _reader);
    }

    /// <summary>The instruction that <see cref="Decode"/> last decoded.</summary>
    public ref readonly Instruction Current => ref _instruction;

    /// <summary>Whether <see cref="Current"/> repeats: REP, REPE, REPNE on a string instruction. Elsewhere the same prefixes mean
    /// nothing, or XRELEASE and XACQUIRE.</summary>
    public bool Repeats => _instruction.IsStringInstruction && (_instruction.HasRepPrefix || _instruction.HasRepnePrefix);

    /// <summary>
    /// Fetches and decodes the instruction at RIP into <see cref="Current"/> and the record's Instruction. The registers that
    /// a page walk needs, RIP and CsType must be valid. Fails with the page walk's status, or
    /// <see cref="IntStatus.DisasmError"/>; then the record's Instruction has length 0.
    /// </summary>
    public IntStatus Decode(GuestMemory memory, VcpuState* vcpu)
    {
        ref VcpuInstruction record = ref vcpu->Instruction;
        ulong rip = vcpu->Regs.Rip;
        record.Rip = rip;
        record.Length = 0;
        Decoder? decoder = vcpu->CsType switch
        {
            IgCsType.Bits64 => _decoder64,
            IgCsType.Bits32 => _decoder32,
            IgCsType.Bits16 => _decoder16,
            _ => null,
        };
        if (decoder is null)
            return IntStatus.NotSupported;

        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        ulong linear = vcpu->CsType == IgCsType.Bits64 ? rip : (uint)(rip + CsBase(vcpu));
        fixed (byte* bytes = record.Bytes)
        {
            // The next page is asked for only if the instruction needs it.
            int inPage = (int)Math.Min(Limits.MaxInstructionLength, PageMask + 1 - (linear & PageMask));
            int fetched = LinearMemory.Read(memory, in paging, linear, new Span<byte>(bytes, inPage), out IntStatus status);
            if (!status.IsSuccess())
                return status;

            if (!TryDecode(decoder, bytes, fetched, rip) && fetched < Limits.MaxInstructionLength &&
                decoder.LastError == DecoderError.NoMoreBytes)
            {
                Span<byte> rest = new(bytes + fetched, Limits.MaxInstructionLength - fetched);
                fetched += LinearMemory.Read(memory, in paging, linear + (ulong)fetched, rest, out status);
                if (!status.IsSuccess())
                    return status;
                TryDecode(decoder, bytes, fetched, rip);
            }
        }

        if (_instruction.IsInvalid)
            return IntStatus.DisasmError;

        record.Code = (ushort)_instruction.Code;
        record.Mnemonic = (ushort)_instruction.Mnemonic;
        record.Bitness = (byte)decoder.Bitness;
        record.Length = (byte)_instruction.Length;
        return IntStatus.Success;
    }

    /// <summary>
    /// Finds the operand that <see cref="Current"/> stores to at an address: linear where the hypervisor knows it, else 0, and
    /// guest-physical. The registers of <see cref="VcpuRegisters.Sufficient"/> must be valid. False: none of its operands lies
    /// there, as far as their addresses can be computed.
    /// </summary>
    public bool TryFindStore(GuestMemory memory, VcpuState* vcpu, ulong gpa, ulong gla, out StoreOperand store)
    {
        _registers.Vcpu = vcpu;

        // What most stores are; it has one operand in memory, and writes it.
        if (_instruction.Mnemonic == Mnemonic.Mov && _instruction.Op0Kind == OpKind.Memory)
        {
            store = default;
            return _instruction.TryGetVirtualAddress(0, 0, _registers, out ulong address) &&
                IsAt(memory, vcpu, address, _instruction.MemorySize, gpa, gla, out store);
        }

        InstructionInfo info = _infoFactory.GetInfo(in _instruction, InstructionInfoOptions.NoRegisterUsage);
        store = default;
        bool found = false;
        int stores = 0;
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            if (!Writes(used.Access))
                continue;
            stores++;
            if (!found && used.TryGetVirtualAddress(0, _registers, out ulong linear))
                found = IsAt(memory, vcpu, linear, used.MemorySize, gpa, gla, out store);
        }

        // With ENTER, PUSHA and their like, the operand that was found does not tell all that is stored.
        if (found && stores > 1)
            store = new StoreOperand(store.Linear, 0);
        return found;
    }

    /// <summary>Linear address of the first operand of <see cref="Current"/>, which is in memory. False: a register that it depends on
    /// is not known.</summary>
    public bool TryGetOperandAddress(VcpuState* vcpu, out ulong linear)
    {
        _registers.Vcpu = vcpu;
        return _instruction.TryGetVirtualAddress(0, 0, _registers, out linear);
    }

    private static ulong CsBase(VcpuState* vcpu) =>
        (vcpu->PushedMask & VcpuRegisters.Segments) != VcpuRegisters.None ? vcpu->Segments[0].Base : 0;

    /// <summary>Tells whether [linear, linear + size) lies at the address. Where the processor has told the linear address, that it
    /// lies there is enough: the two belong together, whatever the page tables say by now.</summary>
    public static bool IsAt(GuestMemory memory, VcpuState* vcpu, ulong linear, int size, ulong gpa, ulong gla)
    {
        if (gla != 0 && gla - linear < (ulong)size && ((gla ^ gpa) & PageMask) == 0)
            return true;
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        return Covers(memory, in paging, linear, size, gpa);
    }

    private static bool Writes(OpAccess access) => access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or
        OpAccess.ReadCondWrite;

    /// <summary>Tells whether an operand lies at the address.</summary>
    private static bool IsAt(
        GuestMemory memory, VcpuState* vcpu, ulong linear, MemorySize kind, ulong gpa, ulong gla, out StoreOperand store)
    {
        // The sum of base and offset wraps at 4 GiB outside of 64-bit code (SDM 1, 3.3.7).
        if (vcpu->CsType != IgCsType.Bits64)
            linear = (uint)linear;
        store = new StoreOperand(linear, kind.GetSize());
        return IsAt(memory, vcpu, linear, store.Size, gpa, gla);
    }

    /// <summary>Tells whether the frames of [linear, linear + size) hold a guest-physical address; at most three pages.</summary>
    private static bool Covers(GuestMemory memory, in PagingContext paging, ulong linear, int size, ulong gpa)
    {
        ulong last = linear + (ulong)Math.Max(size, 1) - 1;
        for (int page = 0; page < 3; page++)
        {
            ulong start = page == 0 ? linear : (linear & ~PageMask) + ((ulong)page << 12);
            if (page != 0 && start > last)
                return false;
            if (!PageWalk.Translate(memory, in paging, start, out ulong physical).IsSuccess())
                continue;

            ulong inPage = size == 0 ? PageMask + 1 - (start & PageMask) : Math.Min(last - start + 1, PageMask + 1 - (start & PageMask));
            if (gpa - physical < inPage)
                return true;
        }

        return false;
    }

    private bool TryDecode(Decoder decoder, byte* bytes, int length, ulong rip)
    {
        _reader.Reset(bytes, length);
        decoder.IP = rip;
        decoder.Decode(out _instruction);
        return !_instruction.IsInvalid;
    }
}
