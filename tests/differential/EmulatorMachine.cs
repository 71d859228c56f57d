using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;

namespace Tests.Differential;

/// <summary>Runs cases in the engine's emulator, registers and memory included.</summary>
internal sealed unsafe class EmulatorMachine : IDisposable
{
    private const int MaxIterations = 16;
    private const int XsaveBytes = 832;

    private readonly OracleLayout _layout;
    private readonly GuestRam _code;
    private readonly GuestRam _data;
    private readonly GuestMemory _memory = new();
    private readonly VcpuTable _vcpus = new(1);
    private readonly InstructionUnit _unit = new();
    private readonly RegisterValues _registers = new();
    private readonly byte[] _xsave = new byte[XsaveBytes];

    public EmulatorMachine(OracleLayout layout)
    {
        _layout = layout;
        _code = new GuestRam(layout.CodeSize / GuestRam.PageSize, layout.Code);
        _data = new GuestRam(OracleLayout.DataSize / GuestRam.PageSize, layout.Data);
        _memory.TryAdd(_code.Gpa, _code.Size, _code.Host, out _);
        _memory.TryAdd(_data.Gpa, _data.Size, _data.Host, out _);
    }

    /// <summary>The instruction that was last decoded.</summary>
    public ref readonly Iced.Intel.Instruction Current => ref _unit.Current;

    /// <summary>Runs one case that lies at the place of an index.</summary>
    public void Run(ref OracleCase test, int index, ref EmulatedCase outcome)
    {
        outcome.IsEmulated = false;
        outcome.IsOutside = false;
        outcome.UndefinedFlags = 0;
        VcpuState* vcpu = _vcpus[0];
        Load(vcpu, ref test, _layout.SlotOf(index));
        if (!_unit.Decode(_memory, vcpu).IsSuccess())
            return;

        for (int i = 0; i < MaxIterations; i++)
        {
            if (!InstructionEmulator.TryEmulate(in _unit.Current, _registers, _memory, vcpu, _xsave, out InstructionEffect store) ||
                !StoreCommit.TryPlace(_memory, vcpu, ref store, out StoreTarget target))
            {
                return;
            }

            // Without paging, addresses have 32 bits.
            if (store.SourceLinear > uint.MaxValue || store.Linear > uint.MaxValue)
                return;

            // What it reads must be data as well: code is not the same here and there.
            ulong end = _layout.Window + OracleCase.WindowSize;
            if (store.Linear < _layout.Window || store.Linear + (ulong)store.Size > end ||
                (store.SourceSize != 0 && store.SourceLinear - _layout.Data >= OracleLayout.DataSize))
            {
                outcome.IsOutside = true;
                return;
            }

            StoreCommit.Apply(ref vcpu->Regs, ref store);
            if (StoreCommit.Write(_memory, ref store, in target) != CommitOutcome.Done)
                return;
            outcome.UndefinedFlags = store.UndefinedFlags;
            if (!store.IsRepeated)
            {
                outcome.IsEmulated = true;
                break;
            }
        }

        outcome.NextRip = vcpu->Regs.Rip;
        outcome.Result.Flags = vcpu->Regs.Flags;
        fixed (ulong* gprs = outcome.Result.Gprs)
            new ReadOnlySpan<ulong>(&vcpu->Regs, 16).CopyTo(new Span<ulong>(gprs, 16));
        new ReadOnlySpan<byte>(_data.Host + OracleLayout.WindowOffset, OracleCase.WindowSize)
            .CopyTo(OracleCase.WindowOf(ref outcome.Result));
    }

    public void Dispose()
    {
        _code.Dispose();
        _data.Dispose();
    }

    private void Load(VcpuState* vcpu, ref OracleCase test, ulong rip)
    {
        vcpu->CsType = test.Bits switch { 64 => IgCsType.Bits64, 32 => IgCsType.Bits32, _ => IgCsType.Bits16 };
        vcpu->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Flags | VcpuRegisters.Segments;
        vcpu->Regs = default;
        vcpu->Regs.Cr0 = test.Bits == 16 ? 0UL : 1;
        vcpu->Regs.Rip = rip;
        vcpu->Regs.Flags = test.Flags;
        fixed (ulong* gprs = test.Gprs)
            new ReadOnlySpan<ulong>(gprs, 16).CopyTo(new Span<ulong>(&vcpu->Regs, 16));

        // ES CS SS DS FS GS there, CS SS DS ES FS GS in the record.
        ReadOnlySpan<int> places = [3, 0, 1, 2, 4, 5];
        for (int i = 0; i < places.Length; i++)
        {
            ref VcpuSegment segment = ref vcpu->Segments[places[i]];
            segment.Selector = test.Selectors[i];
            segment.Base = (ulong)test.Selectors[i] * 16;
            segment.Limit = test.Bits == 16 ? 0xFFFFU : 0xFFFF_FFFF;
            segment.Attributes = (ushort)(test.Bits == 16 ? 0x93 : places[i] == 0 ? 0xC09B : 0xC093);
        }

        OracleCase.CodeOf(ref test).CopyTo(new Span<byte>(_code.At(rip), 16));
        OracleCase.WindowOf(ref test).CopyTo(new Span<byte>(_data.Host + OracleLayout.WindowOffset, OracleCase.WindowSize));
        BitConverter.TryWriteBytes(_xsave.AsSpan(24), test.Mxcsr);
        BitConverter.TryWriteBytes(_xsave.AsSpan(512), 7UL);
        ReadOnlySpan<byte> ymm = OracleCase.YmmOf(ref test);
        for (int i = 0; i < 16; i++)
        {
            ymm.Slice(i * OracleCase.VectorSize, 16).CopyTo(_xsave.AsSpan(160 + (16 * i)));
            ymm.Slice((i * OracleCase.VectorSize) + 16, 16).CopyTo(_xsave.AsSpan(576 + (16 * i)));
        }
    }
}
