using System;
using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Hooks;

/// <summary>
/// One access to a hooked frame, as a handler sees it. All of it was read once; nothing of it changes when the guest changes its
/// memory meanwhile.
/// </summary>
internal unsafe ref struct FrameAccess
{
    /// <summary>The record of the vCPU; null for a device. Registers of VcpuRegisters.Sufficient are valid unless
    /// <see cref="Attribution"/> is there.</summary>
    public VcpuState* Vcpu;

    /// <summary>The vCPU's decoder, null for a device. Its instruction is decoded if Vcpu->Instruction.Length is not 0.</summary>
    public InstructionUnit? Unit;

    /// <summary>Not null: only hooks with <see cref="FrameHookFlags.BytesOnly"/> are asked, and neither registers nor the instruction are
    /// there yet. Whoever needs them, for an alert say, has them fetched by this.</summary>
    public IAccessAttribution? Attribution;

    /// <summary>Room for Limits.MaxStoreBytes, for <see cref="Attribution"/>.</summary>
    public Span<byte> Scratch;

    /// <summary>The guest's memory.</summary>
    public GuestMemory Memory;

    /// <summary>Kind of the access.</summary>
    public EptAccess Access;

    /// <summary>Guest-physical address of the first byte.</summary>
    public ulong Gpa;

    /// <summary>Linear address of the first byte; 0: not known.</summary>
    public ulong Gla;

    /// <summary>Number of bytes that may be touched, all in the frame of <see cref="Gpa"/>.</summary>
    public int Size;

    /// <summary>The bytes that the store will write, <see cref="Size"/> of them; empty: not known.</summary>
    public ReadOnlySpan<byte> Data;

    /// <summary>The bytes of the same store that lie in another frame, before this piece or after it; empty: there are none, or they are
    /// not known.</summary>
    public ReadOnlySpan<byte> OtherData;

    /// <summary>Guest-physical address of <see cref="OtherData"/>.</summary>
    public ulong OtherGpa;

    /// <summary>The whole store of which this is a piece; Size 0: not known.</summary>
    public StoreOperand Store;

    /// <summary>The bytes of the whole store, where they are known.</summary>
    public ReadOnlySpan<byte> StoreData;

    /// <summary>What was there before a store that has landed already, <see cref="Size"/> bytes: an agent in the guest tells of it
    /// afterwards. Empty: nothing has landed, and memory has them.</summary>
    public ReadOnlySpan<byte> Before;

    /// <summary>Set by a handler that has raised an alert: the verdict then holds for the pieces that follow.</summary>
    public bool Reported;

    /// <summary>Set by a handler: <see cref="IFrameHookHandler.OnOutcome"/> is called once the verdict of all hooks is known.</summary>
    public bool WantsOutcome;

    /// <summary>Set by a handler in OnAccess: hooks of the same kind of access that come after its own are not asked about this piece.
    /// </summary>
    public bool SkipsOthers;

    /// <summary>Set by a handler in OnAccess: its hook is removed when it returns.</summary>
    public bool RemovesHook;

    /// <summary>Set by a handler: the action holds for this exit though the integrator only logs; the exit's status is
    /// <see cref="IntStatus.ForceActionOnBeta"/>.</summary>
    public bool ForcesAction;

    /// <summary>Reads what was there before the access, from a guest-physical address in it on; returns how many bytes are known.
    /// </summary>
    public readonly int ReadBefore(ulong gpa, Span<byte> buffer)
    {
        if (Before.IsEmpty)
            return Memory.Read(gpa, buffer);

        ulong offset = gpa - Gpa;
        if (offset >= (ulong)Before.Length)
            return 0;
        int known = Math.Min(buffer.Length, Before.Length - (int)offset);
        Before.Slice((int)offset, known).CopyTo(buffer);
        return known;
    }

    /// <summary>
    /// Lets a read see other bytes than memory's; the handler then answers AllowedPatched. Bytes for several pieces of one instruction
    /// have to be adjacent. False: there is no vCPU, or there would be more than fit (the record's PatchBuffer has 64), or a gap; the
    /// handler has to answer something else.
    /// </summary>
    public readonly bool TryPatch(ulong gla, ReadOnlySpan<byte> bytes) =>
        Vcpu != null && VcpuPatchBuffer.TryAdd(ref Vcpu->PatchBuffer, gla, bytes);
}
