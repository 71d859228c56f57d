using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Alerts;

/// <summary>
/// Writes a page of code, as instructions and as bytes, and the registers of a vCPU into the log, for whoever looks for a fault
/// (IntDumpCodeAndRegs).
/// </summary>
/// <remarks>Bounded, and at most once a second a guest: it is some 500 lines. Nothing is allocated but a decoder, where the code is of
/// another kind than that of the dump before. Thread safety: any thread that has claimed the vCPU; one dump at a time, others are left
/// out.</remarks>
internal sealed unsafe class CodeDump
{
    private const int PageSize = 4096;
    private const int RowBytes = 16;
    private const ulong PageMask = PageSize - 1;

    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly PointerCodeReader _reader = new();
    private Decoder? _decoder;
    private long _last = long.MinValue / 2;
    private int _isBusy;

    public CodeDump(Hypervisor hypervisor, GuestMemory memory)
    {
        _hypervisor = hypervisor;
        _memory = memory;
    }

    /// <summary>
    /// Dumps the page at a guest-physical address, instructions from a linear address in it on, and the registers.
    /// <see cref="IntStatus.NotNeededHint"/>: left out, since there was a dump just now, or the log's level is above Info;
    /// <see cref="IntStatus.NotFound"/>: there is no memory at the address; what the glue answers, if registers cannot be had.
    /// </summary>
    public IntStatus Write(VcpuState* vcpu, ulong linear, ulong physical)
    {
        if (!_hypervisor.Log.IsEnabled(IgLogLevel.Info))
            return IntStatus.NotNeededHint;
        IntStatus status = VcpuRegisterFile.Ensure(
            _hypervisor, vcpu, VcpuRegisters.FromGprsQuery | VcpuRegisters.CsType);
        if (!status.IsSuccess())
            return status;
        if (!TryBegin())
            return IntStatus.NotNeededHint;

        try
        {
            return WritePage(vcpu, linear, physical);
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    private bool TryBegin()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) != 0)
            return false;

        long now = Environment.TickCount64;
        if (now - _last >= Limits.DumpMilliseconds)
        {
            _last = now;
            return true;
        }

        Volatile.Write(ref _isBusy, 0);
        return false;
    }

    [SkipLocalsInit]
    private IntStatus WritePage(VcpuState* vcpu, ulong linear, ulong physical)
    {
        byte* page = stackalloc byte[PageSize];
        int there = _memory.Read(physical & ~PageMask, new Span<byte>(page, PageSize));
        if (there == 0)
            return IntStatus.NotFound;

        WriteInstructions(vcpu, linear, page, there);
        for (int row = 0; row < there; row += RowBytes)
        {
            ReadOnlySpan<byte> bytes = new(page + row, Math.Min(RowBytes, there - row));
            _hypervisor.Log.Write(IgLogLevel.Info, $"{(linear & ~PageMask) + (ulong)row:x16}: {bytes:hex}");
        }

        WriteRegisters(vcpu);
        return IntStatus.Success;
    }

    private void WriteInstructions(VcpuState* vcpu, ulong linear, byte* page, int there)
    {
        int bitness = vcpu->CsType switch { IgCsType.Bits64 => 64, IgCsType.Bits32 => 32, _ => 16 };
        if (_decoder?.Bitness != bitness)
            _decoder = Decoder.Create(bitness, _reader);
        Decoder decoder = _decoder;
        Span<byte> text = stackalloc byte[InstructionText.MaxLength];
        int offset = (int)(linear & PageMask);
        for (int i = 0; i < Limits.MaxDumpedInstructions && offset < there; i++)
        {
            ulong at = (linear & ~PageMask) + (ulong)offset;
            _reader.Reset(page + offset, Math.Min(Limits.MaxInstructionLength, there - offset));
            decoder.IP = at;
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid)
            {
                _hypervisor.Log.Write(IgLogLevel.Info, $"{at:x16}: {new ReadOnlySpan<byte>(page + offset, 1):hex}  (none)");
                offset++;
                continue;
            }

            VcpuInstruction decoded = new() { Length = (byte)instruction.Length, Mnemonic = (ushort)instruction.Mnemonic };
            new ReadOnlySpan<byte>(page + offset, instruction.Length).CopyTo(
                MemoryMarshal.CreateSpan(ref decoded.Bytes[0], Limits.MaxInstructionLength));
            int length = InstructionText.Write(in decoded, text);
            _hypervisor.Log.Write(IgLogLevel.Info, $"{at:x16}: {text[..length]}");
            offset += instruction.Length;
        }
    }

    private void WriteRegisters(VcpuState* vcpu)
    {
        ref readonly IgArchRegs regs = ref vcpu->Regs;
        HostLog log = _hypervisor.Log;
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} rax {regs.Rax:x} rcx {regs.Rcx:x} rdx {regs.Rdx:x} rbx {regs.Rbx:x}");
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} rsp {regs.Rsp:x} rbp {regs.Rbp:x} rsi {regs.Rsi:x} rdi {regs.Rdi:x}");
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} r8 {regs.R8:x} r9 {regs.R9:x} r10 {regs.R10:x} r11 {regs.R11:x}");
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} r12 {regs.R12:x} r13 {regs.R13:x} r14 {regs.R14:x} r15 {regs.R15:x}");
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} rip {regs.Rip:x} flags {regs.Flags:x} dr7 {regs.Dr7:x} cr8 {regs.Cr8:x}");
        log.Write(IgLogLevel.Info, $"vcpu {vcpu->Index} cr0 {regs.Cr0:x} cr2 {regs.Cr2:x} cr3 {regs.Cr3:x} cr4 {regs.Cr4:x}");
    }
}
