using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Instructions.Emulation.State;
using Engine.Memory;
using Engine.Vcpus;
using Iced.Intel;

namespace Engine.Instructions;

/// <content>What the instruction accesses in memory.</content>
internal sealed unsafe partial class InstructionUnit
{
    /// <summary>Not that of the emulator, which holds what an instruction changes until it is performed.</summary>
    private readonly ExtendedState _operandState = new(XsaveLayout.OfThisProcessor);

    /// <summary>
    /// Lists every access of <see cref="Current"/> to memory (spec/14, section 7); returns how many. An operand whose address cannot
    /// be computed is in the list, as unknown. What it depends on and was not pushed is asked for.
    /// </summary>
    /// <param name="vcpu">The record; registers of VcpuRegisters.Sufficient are valid.</param>
    /// <param name="operands">Room for Limits.MaxMemoryOperands.</param>
    public int ListOperands(VcpuState* vcpu, Span<MemoryOperand> operands)
    {
        switch (Shape.Form)
        {
            case OperandForm.None:
                return 0;
            case OperandForm.Plain:
                operands[0] = PlainOperand(vcpu);
                return 1;
            default:
                return ListSpecial(vcpu, operands);
        }
    }

    /// <summary>
    /// Finds the operand that <see cref="Current"/> stores to at an address: linear where the hypervisor knows it, else 0, and
    /// guest-physical. The registers of <see cref="VcpuRegisters.Sufficient"/> must be valid. False: none of its operands lies
    /// there, as far as their addresses can be computed. The exit shows that something was accessed there: limits do not count.
    /// </summary>
    [SkipLocalsInit]
    public bool TryFindStore(GuestMemory memory, VcpuState* vcpu, ulong gpa, ulong gla, out StoreOperand store)
    {
        store = default;
        ref readonly OperandShape shape = ref Shape;
        if (shape.Form == OperandForm.None)
            return false;
        if (shape.Form == OperandForm.Plain)
        {
            if ((shape.Access & OperandAccess.Write) == OperandAccess.None)
                return false;
            store = new StoreOperand(PlainAddress(vcpu, in shape, out OperandState state), shape.Size);
            return state != OperandState.Unknown && IsAt(memory, vcpu, store.Linear, store.Size, gpa, gla);
        }

        return TryFindListed(memory, vcpu, gpa, gla, out store);
    }

    /// <summary>Linear address of the first operand of <see cref="Current"/>, which is in memory. False: a register that it depends on
    /// is not known.</summary>
    public bool TryGetOperandAddress(VcpuState* vcpu, out ulong linear)
    {
        _registers.Vcpu = vcpu;
        return Current.TryGetVirtualAddress(0, 0, _registers, out linear);
    }

    /// <summary>Tells whether [linear, linear + size) lies at the address. Where the processor has told the linear address, that it
    /// lies there is enough: the two belong together, whatever the page tables say by now.</summary>
    public static bool IsAt(GuestMemory memory, VcpuState* vcpu, ulong linear, int size, ulong gpa, ulong gla)
    {
        if (gla != 0 && gla - linear < (ulong)size && ((gla ^ gpa) & PageMask) == 0)
            return true;
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        return Covers(memory, in paging, linear, size, gpa);
    }

    private ref readonly OperandShape Shape
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (_current->Shape.Form == OperandForm.New)
                _current->Shape = OperandShape.Of(in Current, _infoFactory);
            return ref _current->Shape;
        }
    }

    /// <summary>The one operand of a plain instruction.</summary>
    private MemoryOperand PlainOperand(VcpuState* vcpu)
    {
        ref readonly OperandShape shape = ref _current->Shape;
        ulong linear = PlainAddress(vcpu, in shape, out OperandState state);
        return new MemoryOperand
        {
            Linear = linear, Start = linear, Length = shape.Size, Count = 1, ByteMask = ulong.MaxValue, Size = shape.Size,
            Segment = Current.MemorySegment, Access = shape.Access, Kind = shape.Kind, State = state,
            Wraps = vcpu->CsType != IgCsType.Bits64,
        };
    }

    /// <summary>The address of the one operand of a plain instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong PlainAddress(VcpuState* vcpu, in OperandShape shape, out OperandState state)
    {
        if (!shape.IsSimple || ((ulong)vcpu->PushedMask & shape.Needed) != shape.Needed)
            return LocatePlain(vcpu, in shape, out state);

        // What most are: no segment counts, and all registers have the size of the address.
        ulong* gprs = &vcpu->Regs.Rax;
        ulong sum = Current.MemoryDisplacement64;
        if (shape.Base < OperandShape.NoRegister)
            sum += gprs[shape.Base];
        if (shape.Index < OperandShape.NoRegister)
            sum += gprs[shape.Index] << shape.Scale;
        if (shape.AddressSize != sizeof(ulong))
            sum = (uint)sum;
        state = OperandAddressing.IsCanonical(vcpu, sum) && OperandAddressing.IsCanonical(vcpu, sum + shape.Size - 1)
            ? OperandState.Known
            : OperandState.Faults;
        return sum;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong LocatePlain(VcpuState* vcpu, in OperandShape shape, out OperandState state)
    {
        OperandAddressing at = new(_registers, vcpu);
        ulong linear = 0;
        state = OperandState.Unknown;
        if (at.TryOffset(in Current, out ulong offset, out _))
        {
            bool isStore = (shape.Access & OperandAccess.Write) != OperandAccess.None;
            Register segment = Current.MemorySegment;
            state = at.Locate(segment, offset, shape.Size, isStore, out linear);
            if (state == OperandState.Unknown && AskFor(vcpu, VcpuRegisters.Segments))
                state = at.Locate(segment, offset, shape.Size, isStore, out linear);
        }

        return linear;
    }

    private int ListSpecial(VcpuState* vcpu, Span<MemoryOperand> operands)
    {
        // One by one: what a glue cannot answer stays unknown.
        AskFor(vcpu, VcpuRegisters.Flags);
        AskFor(vcpu, VcpuRegisters.Segments);
        OperandPart part = OperandLister.PartOf(in Current);
        if (part == OperandPart.Transfer)
            AskFor(vcpu, VcpuRegisters.Tables);
        else if (part == OperandPart.SaveArea)
            AskFor(vcpu, VcpuRegisters.Xcr0);
        _operandState.Begin(_hypervisor, vcpu->Index);
        OperandLister lister = new(in Current, _registers, vcpu, _operandState, _infoFactory, operands);
        return lister.List();
    }

    /// <summary>Asks for registers; false where nobody answers.</summary>
    private bool AskFor(VcpuState* vcpu, VcpuRegisters wanted) =>
        _hypervisor is not null && VcpuRegisterFile.Ensure(_hypervisor, vcpu, wanted).IsSuccess();

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private bool TryFindListed(GuestMemory memory, VcpuState* vcpu, ulong gpa, ulong gla, out StoreOperand store)
    {
        store = default;
        Span<MemoryOperand> operands = stackalloc MemoryOperand[Limits.MaxMemoryOperands];
        if (vcpu->CsType != IgCsType.Bits64)
            AskFor(vcpu, VcpuRegisters.Segments);
        _operandState.Begin(hypervisor: null, vcpu->Index);
        OperandLister lister = new(in Current, _registers, vcpu, _operandState, _infoFactory, operands) { OneIteration = true };
        int count = lister.List();
        bool repeats = Repeats;
        int stores = 0;
        bool found = false;
        for (int i = 0; i < count; i++)
        {
            ref MemoryOperand operand = ref operands[i];
            if (!operand.Writes)
                continue;
            stores++;
            int size = repeats ? 0 : operand.Size;
            if (found || operand.State == OperandState.Unknown || operand.Kind == OperandKind.Physical ||
                !IsAt(memory, vcpu, operand.Linear, size, gpa, gla))
            {
                continue;
            }

            found = true;
            store = operand.Part == 0 ? new StoreOperand(operand.Linear, size) : PartAt(in operand, gpa);
        }

        // The operand that was found does not tell all that is stored.
        if (found && stores > 1)
            store = new StoreOperand(store.Linear, 0);
        return found;
    }

    /// <summary>The one of several accesses that lies at an address; others are made besides.</summary>
    private static StoreOperand PartAt(in MemoryOperand operand, ulong gpa)
    {
        ulong distance = (gpa - operand.Linear) & PageMask;
        return new StoreOperand(operand.Linear + (distance - (distance % (ulong)operand.Part)), 0);
    }

    /// <summary>Tells whether the frames of [linear, linear + size) hold a guest-physical address; at most Limits.MaxOperandPages.
    /// </summary>
    private static bool Covers(GuestMemory memory, in PagingContext paging, ulong linear, int size, ulong gpa)
    {
        MemoryOperand operand = new()
        {
            Start = linear, Length = (ulong)size, State = size == 0 ? OperandState.UnknownSize : OperandState.Known,
        };
        foreach (OperandPiece piece in operand.Pieces)
        {
            if (PageWalk.Translate(memory, in paging, piece.Linear, out ulong physical).IsSuccess() &&
                gpa - physical < (ulong)piece.Size)
            {
                return true;
            }
        }

        return false;
    }
}
