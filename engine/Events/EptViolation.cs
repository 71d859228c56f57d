using System;
using System.Runtime.CompilerServices;
using Engine.Abi;
using Engine.Hooks;
using Engine.Hooks.Translations;
using Engine.Hosting;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;
using MemoryOperand = Engine.Instructions.MemoryOperand;

namespace Engine.Events;

/// <summary>
/// An access to memory whose rights were withdrawn: finds the hooks that it touches, what it does, and asks them (spec/12,
/// section 1). An access that touches no hook ends after the look-up, with no register read and nothing decoded.
/// </summary>
/// <remarks>Thread safety: any number of vCPUs at once; the caller holds the claim of the vCPU whose exit it is.</remarks>
internal sealed unsafe partial class EptViolation : IAccessAttribution
{
    private const ulong PageSize = 4096;

    private readonly FrameHooks _hooks;
    private readonly bool _repairs;
    private readonly Hypervisor _hypervisor;
    private readonly GuestMemory _memory;
    private readonly InstructionUnit[] _units;
    private readonly GuestFaults _faults;
    private readonly FailPolicy _policy;
    private readonly RightsRepair _repair;
    private readonly RepOptimization _rep;
    private readonly StoreCompletion? _completion;
    private readonly TranslationHooks? _translations;

    /// <param name="hypervisor">The guest's hypervisor.</param>
    /// <param name="memory">Its memory.</param>
    /// <param name="hooks">Its hooks on frames.</param>
    /// <param name="units">The decoders of its vCPUs.</param>
    /// <param name="faults">What raises page faults in it.</param>
    /// <param name="policy">What happens where nothing can be judged.</param>
    /// <param name="completion">What performs allowed stores; null: the hypervisor does.</param>
    /// <param name="translations">What watches page tables.</param>
    public EptViolation(
        Hypervisor hypervisor, GuestMemory memory, FrameHooks hooks, InstructionUnit[] units, GuestFaults faults, FailPolicy policy,
        StoreCompletion? completion = null, TranslationHooks? translations = null)
    {
        _hypervisor = hypervisor;
        _memory = memory;
        _hooks = hooks;
        _units = units;
        _faults = faults;
        _policy = policy;
        _completion = completion;
        _translations = translations;
        _repair = new RightsRepair(hypervisor, hooks);
        _rep = new RepOptimization(hypervisor, units.Length);
        _repairs = _repair.IsPossible;
    }

    /// <summary>Who is told of accesses that could not be judged; set before the first exit.</summary>
    public IUnjudgedAccesses? Unjudged { get; set; }

    /// <summary>The switch of repeated instructions, a job of the timer.</summary>
    public RepOptimization Repetitions => _rep;

    /// <summary>Judges an access of a vCPU. Fails only when registers cannot be had, or bytes cannot be handed over; then the verdict is
    /// that of the fail policy.</summary>
    /// <remarks>Short, and without variables of its own that would have to be cleared: most exits end here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IntStatus Handle(VcpuState* vcpu, ulong gpa, ulong gla, EptAccess kinds, out IntroAction action)
    {
        uint size = (vcpu->ExitFlags & VcpuExitFlags.Data) != VcpuExitFlags.None ? vcpu->ExitDataSize : 0;
        vcpu->ExitGpa = vcpu->Gpa = gpa;
        vcpu->ExitGla = vcpu->Gla = gla;
        vcpu->ExitAccess = (uint)kinds;
        vcpu->AccessSize = size;
        vcpu->Instruction.Length = 0;
        if (IsOutsideHooks(vcpu, gpa, size, kinds))
        {
            action = IntroAction.Allowed;
            return IntStatus.Success;
        }

        return HandleAny(vcpu, gpa, gla, kinds, out action);
    }

    /// <summary>Tells whether it is certain that an access lies outside of what is hooked, and that its frame's rights are as hooks ask
    /// for, or cannot be changed. Of an access whose bytes the exit does not carry, its frame counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsOutsideHooks(VcpuState* vcpu, ulong gpa, uint size, EptAccess kinds)
    {
        // A store that was reported is blocked, or let through, as a whole: its pieces outside the hook are looked at, too.
        if (vcpu->StoreRip != 0)
            return false;

        uint start = (uint)gpa & (uint)(PageSize - 1);
        uint end = start + size;
        if (size - 1 >= Limits.MaxStoreBytes)
            (start, end) = (0, (uint)PageSize);
        else if (end > PageSize)
            return false;

        EptAccess hooked = EptAccess.None;
        foreach (FrameHook* hook in _hooks.Map.On(gpa / PageSize))
        {
            EptAccess access = hook->Access & kinds;
            if (access != EptAccess.None && start < hook->End && end > hook->Start)
                return false;
            hooked |= access;
        }

        return hooked != EptAccess.None || !_repairs;
    }

    /// <summary>Looks closer at an access: at both of its frames, and at what it may be a piece of.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntStatus HandleAny(VcpuState* vcpu, ulong gpa, ulong gla, EptAccess kinds, out IntroAction action)
    {
        InstructionUnit unit = _units[vcpu->Index];
        if (vcpu->AllowOnExec != 0)
            NoteSingleStep(vcpu, gpa, kinds);
        action = IntroAction.Allowed;
        bool hasData = (vcpu->ExitFlags & VcpuExitFlags.Data) != VcpuExitFlags.None &&
            vcpu->ExitDataSize is >= 1 and <= Limits.MaxStoreBytes;
        if (!hasData)
            vcpu->AccessSize = 0;
        int size = (int)(PageSize - (gpa & (PageSize - 1)));
        int rest = 0;
        if (hasData)
        {
            rest = Math.Max((int)vcpu->ExitDataSize - size, 0);
            size = (int)vcpu->ExitDataSize - rest;
        }

        // What is not next to a piece that was judged by its bytes belongs to another store.
        if (vcpu->StoreRip == NotAttributed && (!hasData || vcpu->StoreNext != gla))
            vcpu->StoreRip = 0;

        Touch touch = Touches(gpa, size, kinds);
        if (rest != 0)
            touch = (Touch)Math.Max((int)touch, (int)Touches(gpa + (ulong)size, rest, kinds));
        bool touches = touch != Touch.Nothing || (IsUnbounded(kinds, hasData) && TouchesBefore(gpa, kinds));
        bool isWhole = !hasData && _completion is not null && IsHooked(gpa, kinds);
        if (!touches && vcpu->StoreRip == 0 && !isWhole && IsRepaired(vcpu, gpa, kinds, hasData, out action))
            return IntStatus.Success;

        vcpu->PatchBuffer.Valid = 0;
        if (touch == Touch.BytesOnly && hasData && vcpu->StoreRip == 0)
        {
            action = JudgeBytes(vcpu, unit, gpa, gla, kinds, size, rest, out bool forces);
            return forces ? IntStatus.ForceActionOnBeta : IntStatus.Success;
        }

        IntStatus status = Judge(vcpu, unit, gpa, gla, kinds, hasData, size, rest, touches, out action);
        if (action != IntroAction.AllowedPatched || TryCompletePatched(vcpu, unit, ref action, ref status))
            return status;
        return ServePatch(vcpu, status, out action);
    }

    /// <summary>
    /// No hook is touched. If rights are withheld without one, they are given back; where the hypervisor would otherwise complete the
    /// instruction as a whole, the access is tried again with them. False: they are not, so that the hypervisor completes the
    /// instruction for a reason of its own, and what it accesses elsewhere has to be judged.
    /// </summary>
    private bool IsRepaired(VcpuState* vcpu, ulong gpa, EptAccess kinds, bool hasData, out IntroAction action)
    {
        // While the hypervisor steps over an instruction, rights may be withheld for its own reasons.
        bool widened = false;
        if (vcpu->SingleStep == 0)
            _repair.Validate(vcpu, gpa, kinds, out widened);
        bool isCompleted = !hasData && _completion is not null;
        action = widened && isCompleted ? IntroAction.Retry : IntroAction.Allowed;
        return widened || !isCompleted || !_repairs || vcpu->SingleStep != 0;
    }

    /// <summary>
    /// Gives the bytes that a read has to see to the hypervisor (spec/12, section 1, F). If it does not take them, or a handler has said
    /// so without giving any, the fail policy decides.
    /// </summary>
    private IntStatus ServePatch(VcpuState* vcpu, IntStatus status, out IntroAction action)
    {
        ReadOnlySpan<byte> bytes = VcpuPatchBuffer.BytesOf(ref vcpu->PatchBuffer);
        if (bytes.IsEmpty)
            status = IntStatus.InvalidInternalState;
        else if (_hypervisor.SetEmulatorContext(vcpu->Index, vcpu->PatchBuffer.Gla, bytes) is var given && !given.IsSuccess())
            status = given;
        action = status.IsSuccess() ? IntroAction.AllowedPatched : _policy.Guarded;
        return status;
    }

    /// <summary>Judges an access that touches a hook, or that may belong to a store that did.</summary>
    /// <remarks>A method of its own: most exits end without it, and need not pay for clearing its variables.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private IntStatus Judge(
        VcpuState* vcpu, InstructionUnit unit, ulong gpa, ulong gla, EptAccess kinds, bool hasData, int size, int rest, bool touches,
        out IntroAction action)
    {
        scoped FrameAccess access = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Access = kinds, Gpa = gpa, Size = size,
            Gla = (vcpu->ExitFlags & VcpuExitFlags.NoGla) == VcpuExitFlags.None ? gla : 0,
            Data = hasData ? new ReadOnlySpan<byte>(vcpu->ExitData, size) : default,
        };
        IntStatus status = VcpuRegisterFile.Ensure(_hypervisor, vcpu, VcpuRegisters.Sufficient);
        if (!status.IsSuccess())
        {
            action = Unknown(in access, touches ? _policy.Guarded : _policy.Others);
            return status;
        }

        bool isWhole = !hasData && _completion is not null;
        scoped WholeInstruction whole = default;
        if (isWhole)
        {
            whole = new WholeInstruction(
                stackalloc MemoryOperand[Limits.MaxMemoryOperands], stackalloc FurtherPiece[Limits.MaxAccessPieces]);
            if (TryAnswerWhole(vcpu, unit, gpa, gla, kinds, ref whole, out action, out status))
                return status;
        }

        Span<byte> computed = stackalloc byte[Limits.MaxStoreBytes];
        bool unbounded = !Attribute(ref access, hasData, in whole, computed) && IsUnbounded(kinds, hasData);
        FramePiece second = hasData && rest != 0 ? NextFrame(in access, new ReadOnlySpan<byte>(vcpu->ExitData + size, rest)) : default;
        FramePiece before = unbounded ? Before(in access) : default;
        if (IsFurtherPiece(vcpu, in access))
        {
            action = vcpu->StoreAction;
            access.WantsOutcome = true;
        }
        else
        {
            action = AskAll(ref access, in second, in before);
        }

        bool wantsFurther = false;
        if (whole.IsKnown && action < IntroAction.NotAllowed)
            action = MaxOf(action, AskFurther(in access, in whole, final: null, ref wantsFurther));
        if (wantsFurther)
            AskFurther(in access, in whole, action, ref wantsFurther);
        RememberPiece(vcpu, in access, rest, action);
        if (access.WantsOutcome)
            TellAll(ref access, in second, in before, action);
        if (action == IntroAction.Allowed && kinds == EptAccess.Execute)
            ArmSingleStep(vcpu, gpa);
        else if (isWhole && touches && action == IntroAction.Allowed && (kinds & EptAccess.Write) != EptAccess.None &&
            _completion!.MayBePossible)
        {
            Unjudged?.OnLeftToHypervisor(in access);
        }

        return access.ForcesAction ? IntStatus.ForceActionOnBeta : IntStatus.Success;
    }

    /// <summary>
    /// Answers an exit of an instruction that the hypervisor would complete as a whole, if that can be done before its accesses are asked
    /// about one by one: it is not there, the engine performs it, or it is sent back. False: it has to be judged; it is decoded, if it
    /// can be.
    /// </summary>
    private bool TryAnswerWhole(
        VcpuState* vcpu, InstructionUnit unit, ulong gpa, ulong gla, EptAccess kinds, scoped ref WholeInstruction whole,
        out IntroAction action, out IntStatus status)
    {
        action = IntroAction.Retry;
        status = IntStatus.Success;
        if ((vcpu->ExitFlags & VcpuExitFlags.RipRetired) != VcpuExitFlags.None)
            return false;

        IntStatus decoded = unit.Decode(_memory, vcpu);
        if (!decoded.IsSuccess())
            return decoded is IntStatus.PageNotPresent or IntStatus.NoMappingStructures && RetryFetch(vcpu, kinds);
        if (vcpu->RepOptDisabled != 0 && !unit.Repeats)
            _rep.Release(vcpu);

        // A frame without hooks may be a device's.
        if ((kinds & EptAccess.Execute) == EptAccess.None && _completion!.MayBePossible &&
            IsHooked(gpa, EptAccess.Read | EptAccess.Write) && TryComplete(vcpu, unit, gpa, kinds, out action, out status))
        {
            return true;
        }

        // Of an instruction whose fetch was trapped, the processor or whoever performs it sees what pages are absent.
        action = IntroAction.Retry;
        Collect(vcpu, unit, gpa, gla, kinds, ref whole);
        return (kinds & EptAccess.Execute) == EptAccess.None && IsSentBack(vcpu, unit, ref whole);
    }

    /// <summary>The instruction that has caused the exit is not there. The guest gets the page fault for the page in which it goes on, or
    /// is sent back until its bytes are there. False: it was, often enough.</summary>
    private bool RetryFetch(VcpuState* vcpu, EptAccess kinds) =>
        (kinds == EptAccess.Execute && _faults.RaiseForFetch(vcpu)) || VcpuRetries.TryNote(vcpu, vcpu->Regs.Rip);

    /// <summary>Reports what the fail policy makes of an access that cannot be judged.</summary>
    public IntroAction Unknown(scoped in FrameAccess access, IntroAction action)
    {
        Unjudged?.OnUnjudged(in access, action);
        return action;
    }

    /// <summary>Judges a store whose bytes are known where all hooks judge by them alone: no register is read, nothing is decoded.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private IntroAction JudgeBytes(
        VcpuState* vcpu, InstructionUnit unit, ulong gpa, ulong gla, EptAccess kinds, int size, int rest, out bool forces)
    {
        scoped FrameAccess access = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Access = kinds, Gpa = gpa, Size = size, Attribution = this,
            Gla = (vcpu->ExitFlags & VcpuExitFlags.NoGla) == VcpuExitFlags.None ? gla : 0,
            Data = new ReadOnlySpan<byte>(vcpu->ExitData, size), Scratch = stackalloc byte[Limits.MaxStoreBytes],
        };
        vcpu->AccessSize = (uint)size;
        FramePiece second = rest != 0 ? NextFrame(in access, new ReadOnlySpan<byte>(vcpu->ExitData + size, rest)) : default;
        IntroAction action = AskAll(ref access, in second, default);
        if (access.Reported)
        {
            // Without a linear address it cannot be told later whether a piece is the next one.
            if (access.Attribution is not null && access.Gla == 0)
                Attribute(ref access);
            if (access.Attribution is not null)
                RememberBytes(vcpu, in access, rest, action);
            else
                RememberPiece(vcpu, in access, rest, action);
        }

        if (access.WantsOutcome)
            TellAll(ref access, in second, default, action);
        forces = access.ForcesAction;
        return action;
    }

    /// <inheritdoc/>
    public void Attribute(ref FrameAccess access)
    {
        access.Attribution = null;
        if (VcpuRegisterFile.Ensure(_hypervisor, access.Vcpu, VcpuRegisters.Sufficient).IsSuccess())
            Attribute(ref access, hasData: true, default, access.Scratch);
    }

    /// <summary>Judges a store by a device.</summary>
    public IntroAction HandleDevice(ulong gpa, ReadOnlySpan<byte> data)
    {
        int inPage = (int)Math.Min((ulong)data.Length, PageSize - (gpa & (PageSize - 1)));
        FrameAccess access = new()
        {
            Memory = _memory, Access = EptAccess.Write, Gpa = gpa, Size = inPage, Data = data[..inPage],
        };
        FramePiece second = inPage < data.Length ? NextFrame(in access, data[inPage..]) : default;
        IntroAction action = AskAll(ref access, in second, default);
        if (access.WantsOutcome)
            TellAll(ref access, in second, default, action);
        return action;
    }

    /// <summary>
    /// Judges an operand of a few bytes that another exit's instruction accesses, [linear, linear + size), as if it had caused a
    /// violation of its own. Registers of VcpuRegisters.Sufficient are valid and the instruction is decoded.
    /// </summary>
    /// <param name="vcpu">The vCPU's record.</param>
    /// <param name="unit">Its decoder.</param>
    /// <param name="linear">Address of the operand.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="kind">What is done with it.</param>
    /// <param name="bytes">What is stored; empty: not known.</param>
    public IntroAction AskLinear(
        VcpuState* vcpu, InstructionUnit unit, ulong linear, int size, EptAccess kind, ReadOnlySpan<byte> bytes)
    {
        PagingContext paging = VcpuRegisterFile.Paging(vcpu);
        int inPage = (int)Math.Min((ulong)size, PageSize - (linear & (PageSize - 1)));
        bool isKnown = !bytes.IsEmpty;
        FramePiece first = Translated(in paging, linear, inPage, isKnown ? bytes[..inPage] : default);
        FramePiece second = inPage < size
            ? Translated(in paging, linear + (ulong)inPage, size - inPage, isKnown ? bytes[inPage..] : default)
            : default;
        scoped FrameAccess access = new()
        {
            Vcpu = vcpu, Unit = unit, Memory = _memory, Access = kind, StoreData = bytes,
            Store = kind == EptAccess.Write ? new StoreOperand(linear, size) : default,
        };
        first.Apply(ref access);
        IntroAction action = AskAll(ref access, in second, default);
        if (access.WantsOutcome)
            TellAll(ref access, in second, default, action);
        return action;
    }

    private FramePiece Translated(in PagingContext paging, ulong linear, int size, ReadOnlySpan<byte> bytes) =>
        PageWalk.Translate(_memory, in paging, linear, out ulong gpa).IsSuccess() ? new FramePiece(gpa, linear, size, bytes) : default;

    /// <summary>Without its bytes, a store may also reach what precedes its address, until its instruction is known.</summary>
    private static bool IsUnbounded(EptAccess kinds, bool hasData) => !hasData && (kinds & EptAccess.Write) != EptAccess.None;

    private bool TouchesBefore(ulong gpa, EptAccess kinds)
    {
        int start = (int)(gpa & (PageSize - 1));
        return start != 0 && Touches(gpa - (ulong)start, start, kinds) != Touch.Nothing;
    }
}
