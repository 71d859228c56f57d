using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Instructions.Emulation;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;
using Tests.Unit.Fakes;

namespace Tests.Differential;

/// <summary>Runs cases in the engine's emulator, registers and memory included.</summary>
internal sealed unsafe partial class EmulatorMachine : IDisposable
{
    private const int MaxIterations = 16;

    /// <summary>As in unicorn-processor.c.</summary>
    private const ulong GdtBase = 0x1234_5678;
    private const ulong GdtLimit = 0x9ABC;
    private const ulong IdtBase = 0xFEDC_BA98;
    private const ulong IdtLimit = 0x7654;

    private const byte Garbage = 0xA7;
    private const ulong OsFxsr = 1 << 9;
    private const ulong OsXsave = 1 << 18;

    private readonly OracleLayout _layout;
    private readonly GuestRam _code;
    private readonly GuestRam _data;
    private readonly GuestMemory _memory = new();
    private readonly VcpuTable _vcpus = new(1);
    private readonly InstructionUnit _unit = new();
    private readonly RegisterValues _registers = new();
    private readonly OracleFacts _facts;

    public EmulatorMachine(OracleLayout layout, OracleFacts facts)
    {
        _layout = layout;
        _facts = facts;
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
        RunCase(ref test, index, ref outcome);

        // Around the window there are zeros, here and there.
        Window(in test).Clear();
    }

    public void Dispose()
    {
        _code.Dispose();
        _data.Dispose();
    }

    private void RunCase(ref OracleCase test, int index, ref EmulatedCase outcome)
    {
        outcome.IsEmulated = false;
        outcome.IsOutside = false;
        outcome.IsPatched = false;
        outcome.UndefinedFlags = 0;
        VcpuState* vcpu = _vcpus[0];
        Load(vcpu, ref test, _layout.SlotOf(index));
        bool isDecoded = _unit.Decode(_memory, vcpu).IsSuccess();
        NoteOperands(vcpu, ref test, isDecoded, ref outcome);
        if (!isDecoded)
            return;

        EmulationWorkspace workspace = _unit.Workspace;
        Begin(ref test, usesPatch: false);
        for (int i = 0; i < MaxIterations; i++)
        {
            if (!InstructionEmulator.TryEmulate(in _unit.Current, _registers, _memory, vcpu, workspace, out InstructionEffect store) ||
                !StoreCommit.TryPlace(_memory, vcpu, ref store, workspace))
            {
                return;
            }

            // Every other time, what it reads is something else in memory, and right in the patch buffer.
            if (i == 0 && TryPatch(in test, in store, vcpu))
            {
                Begin(ref test, usesPatch: true);
                if (!InstructionEmulator.TryEmulate(in _unit.Current, _registers, _memory, vcpu, workspace, out store) ||
                    !store.ReadsPatch || !StoreCommit.TryPlace(_memory, vcpu, ref store, workspace))
                {
                    throw new InvalidOperationException($"{_unit.Current.Code} is emulated without a patch alone");
                }

                outcome.IsPatched = true;
            }

            outcome.IsOutside = IsOutside(in test, in store, workspace);
            if (outcome.IsOutside)
                return;

            // 16 bytes at once take the library's shim, which has tests of its own; nobody else stores here.
            store.IsAtomic &= store.Size <= sizeof(ulong);
            StoreCommit.Apply(ref vcpu->Regs, ref store);
            if (StoreCommit.Write(_memory, ref store, workspace) != CommitOutcome.Done)
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
        outcome.Result.WindowFirst = test.WindowFirst;
        outcome.Result.WindowLength = test.WindowLength;
        if (outcome.IsPatched)
            Unpatch(vcpu);
        Window(in test).CopyTo(OracleCase.WindowOf(ref outcome.Result));
        if (test.UsesState != 0)
            workspace.State.Area.CopyTo(OracleCase.AreaOf(ref outcome.Result));
    }

    private void Load(VcpuState* vcpu, ref OracleCase test, ulong rip)
    {
        vcpu->CsType = test.Bits switch { 64 => IgCsType.Bits64, 32 => IgCsType.Bits32, _ => IgCsType.Bits16 };
        vcpu->PushedMask = VcpuRegisters.Sufficient | VcpuRegisters.Flags | VcpuRegisters.Segments | VcpuRegisters.Tables |
            VcpuRegisters.Xcr0;
        vcpu->Xcr0 = _facts.Xcr0;
        vcpu->Cpl = test.Bits == 64 ? 3U : 0;
        vcpu->Regs = new IgArchRegs
        {
            Cr0 = test.Bits == 16 ? 0UL : _facts.Cr0 | 1, Cr4 = OsFxsr | OsXsave, GdtBase = GdtBase, GdtLimit = GdtLimit,
            IdtBase = IdtBase, IdtLimit = IdtLimit,
        };
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
        OracleCase.WindowOf(ref test).CopyTo(Window(in test));
    }

    private void Begin(ref OracleCase test, bool usesPatch)
    {
        if (test.UsesState != 0)
            _unit.Workspace.Begin(OracleCase.AreaOf(ref test), usesPatch);
        else
            _unit.Workspace.Begin(hypervisor: null, 0, usesPatch);
    }

    /// <summary>Puts all or the first half of what an instruction reads into the patch buffer, and something else into memory.</summary>
    private bool TryPatch(in OracleCase test, in InstructionEffect store, VcpuState* vcpu)
    {
        ulong first = store.SourceLinear;
        int size = store.SourceSize;
        if ((test.Gprs[0] & 1) != 0 || size is <= 0 or > 64 || store.IsRepeated || store.SecondSourceSize != 0 ||
            first < _layout.Window + test.WindowFirst || first + (ulong)size > _layout.Window + test.WindowFirst + test.WindowLength)
        {
            return false;
        }

        foreach (ref readonly StorePiece piece in _unit.Workspace.Pieces)
        {
            if (first < piece.Linear + (ulong)piece.Size && piece.Linear < first + (ulong)size)
                return false;
        }

        ref VcpuPatchBuffer patch = ref vcpu->PatchBuffer;
        patch.Gla = first;
        patch.Size = (uint)((test.Gprs[0] & 2) != 0 ? size : (size + 1) / 2);
        Span<byte> memory = new(_data.At(first), (int)patch.Size);
        fixed (byte* data = patch.Data)
            memory.CopyTo(new Span<byte>(data, memory.Length));
        memory.Fill(Garbage);
        return true;
    }

    /// <summary>Puts the bytes back, which nobody may have changed.</summary>
    private void Unpatch(VcpuState* vcpu)
    {
        ref VcpuPatchBuffer patch = ref vcpu->PatchBuffer;
        Span<byte> memory = new(_data.At(patch.Gla), (int)patch.Size);
        if (memory.ContainsAnyExcept(Garbage))
            throw new InvalidOperationException($"{_unit.Current.Code} has written to what it reads");
        fixed (byte* data = patch.Data)
            new Span<byte>(data, memory.Length).CopyTo(memory);
    }

    /// <summary>The part of the data that a case uses.</summary>
    private Span<byte> Window(in OracleCase test) =>
        new(_data.Host + OracleLayout.WindowOffset + test.WindowFirst, test.WindowLength);

    /// <summary>Whether it touches what the case does not describe. What it reads must be data as well: code is not the same here and
    /// there.</summary>
    private bool IsOutside(in OracleCase test, in InstructionEffect store, EmulationWorkspace workspace)
    {
        ulong first = _layout.Window + test.WindowFirst;
        ulong end = first + test.WindowLength;
        foreach (ref readonly StorePiece piece in workspace.Pieces)
        {
            if (piece.Linear < first || piece.Linear + (ulong)piece.Size > end)
                return true;
        }

        return IsOutsideData(store.SourceLinear, store.SourceSize) || IsOutsideData(store.SecondSourceLinear, store.SecondSourceSize);
    }

    private bool IsOutsideData(ulong linear, int size)
    {
        ulong offset = linear - _layout.Data;
        return size != 0 && (offset >= OracleLayout.DataSize || offset + (ulong)size > OracleLayout.DataSize);
    }
}
