using System;
using System.Runtime.InteropServices;

namespace Engine.Instructions.Emulation;

/// <summary>
/// All that one instruction, or one iteration of a repeated one, does: the bytes it stores, and how registers change. Nothing is
/// done yet. Unmanaged and of one size, so that it lives on the stack of an exit.
/// </summary>
/// <remarks>Most stores are one short run of bytes: everything that an instruction pushes is adjacent, and what a masked store
/// leaves out is not in <see cref="ByteMask"/>. Those that are longer, or go to several places, are described in the vCPU's
/// <see cref="EmulationWorkspace"/>, and so is what changes of extended state. What is not said to be valid holds anything.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InstructionEffect
{
    /// <summary>Linear address of the first byte.</summary>
    public ulong Linear;

    /// <summary>Bytes of the store: of its one run, up to Limits.MaxStoreBytes, or of all runs; 0: it stores nothing.</summary>
    public int Size;

    /// <summary>Runs of the store in the workspace; 0: it is the one run that is described here.</summary>
    public int RunCount;

    /// <summary>Registers that change, one bit each, in the order of the x86 encoding: their new values are in <see cref="Gprs"/>.
    /// </summary>
    public uint ChangedGprs;

    /// <summary>The bytes of the one run that are stored, one bit each.</summary>
    public ulong ByteMask;

    /// <summary>RIP afterwards; unchanged while a repeated instruction has iterations left.</summary>
    public ulong NextRip;

    /// <summary>Flags that the instruction sets.</summary>
    public ulong ChangedFlags;

    /// <summary>Their values; other bits are 0.</summary>
    public ulong Flags;

    /// <summary>Flags whose value afterwards the architecture leaves open; where they are among the changed, any value would do.
    /// </summary>
    public ulong UndefinedFlags;

    /// <summary>Linear address of what it reads in memory besides the operand that it stores to.</summary>
    public ulong SourceLinear;

    /// <summary>Bytes of it; 0: nothing.</summary>
    public int SourceSize;

    /// <summary>Linear address of a second place that it reads: CMPS.</summary>
    public ulong SecondSourceLinear;

    /// <summary>Bytes of it; 0: nothing.</summary>
    public int SecondSourceSize;

    /// <summary>Whether <see cref="Old"/> holds the bytes that were there, from which the stored ones follow.</summary>
    public bool ReadsTarget;

    /// <summary>Whether nobody may store in between: LOCK, XCHG.</summary>
    public bool IsAtomic;

    /// <summary>Whether what it has read comes, at least in part, from the record's patch buffer.</summary>
    public bool ReadsPatch;

    /// <summary>Whether more iterations of a repeated instruction follow.</summary>
    public bool IsRepeated;

    /// <summary>The bytes of the one run.</summary>
    public fixed byte Bytes[Limits.MaxStoreBytes];

    /// <summary>What was there, if <see cref="ReadsTarget"/>.</summary>
    public fixed byte Old[Limits.MaxStoreBytes];

    /// <summary>New values of the registers in <see cref="ChangedGprs"/>.</summary>
    public fixed ulong Gprs[16];

    /// <summary>Whether it stores one run of bytes, and all of them.</summary>
    public readonly bool IsWhole => RunCount == 0 && Size != 0 && ByteMask == ulong.MaxValue >> (Limits.MaxStoreBytes - Size);

    /// <summary>The bytes of the one run as a span.</summary>
    public static Span<byte> BytesOf(ref InstructionEffect store) =>
        MemoryMarshal.CreateSpan(ref store.Bytes[0], store.Size);

    /// <summary>The bytes of the store, whatever it consists of.</summary>
    public static Span<byte> BytesOf(ref InstructionEffect store, EmulationWorkspace workspace) =>
        store.RunCount == 0 ? BytesOf(ref store) : workspace.Wide[..store.Size];

    /// <summary>The bytes that were there.</summary>
    public static Span<byte> OldOf(ref InstructionEffect store) => MemoryMarshal.CreateSpan(ref store.Old[0], store.Size);

    /// <summary>Empties it, all but the arrays.</summary>
    public void Reset(ulong nextRip)
    {
        Linear = 0;
        Size = 0;
        RunCount = 0;
        ChangedGprs = 0;
        ByteMask = 0;
        NextRip = nextRip;
        ChangedFlags = 0;
        Flags = 0;
        UndefinedFlags = 0;
        SourceLinear = 0;
        SourceSize = 0;
        SecondSourceLinear = 0;
        SecondSourceSize = 0;
        ReadsTarget = false;
        IsAtomic = false;
        IsRepeated = false;
        ReadsPatch = false;
    }
}
