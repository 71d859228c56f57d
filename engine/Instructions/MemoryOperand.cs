using System;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// One access of an instruction to memory: where, how many bytes, what for. Adjacent accesses (what PUSHA pushes) are one.
/// </summary>
/// <remarks>An instruction that repeats has one operand for all of its iterations: <see cref="Linear"/> and <see cref="Size"/> are
/// those of the next iteration, <see cref="Start"/> and <see cref="Length"/> span them all.</remarks>
internal struct MemoryOperand
{
    /// <summary>Linear address of the first byte of the first access; guest-physical for <see cref="OperandKind.Physical"/>.
    /// </summary>
    public ulong Linear;

    /// <summary>Lowest linear address of all that is accessed.</summary>
    public ulong Start;

    /// <summary>Bytes from <see cref="Start"/> on among which lies all that is accessed; bounded by the segment and by where
    /// offsets wrap.</summary>
    public ulong Length;

    /// <summary>How often <see cref="Size"/> bytes are accessed, at most.</summary>
    public ulong Count;

    /// <summary>The bytes of <see cref="Size"/> that are accessed, one bit each, where a mask leaves some out; else all ones.</summary>
    public ulong ByteMask;

    /// <summary>Bytes of one access; 0 where that is not known.</summary>
    public int Size;

    /// <summary>Where it consists of several accesses, from the highest down (PUSHA, ENTER, a far CALL): bytes of each; else 0.
    /// </summary>
    public int Part;

    /// <summary>Its segment register; none for guest-physical ones.</summary>
    public Register Segment;

    /// <summary>What is done with it.</summary>
    public OperandAccess Access;

    /// <summary>What it is.</summary>
    public OperandKind Kind;

    /// <summary>What is known of it.</summary>
    public OperandState State;

    /// <summary>Whether its repetitions go to lower addresses.</summary>
    public bool Descends;

    /// <summary>Whether linear addresses have 32 bits, and go on at 0.</summary>
    public bool Wraps;

    /// <summary>Whether it is read, as far as one can tell.</summary>
    public readonly bool Reads => (Access & OperandAccess.Read) != OperandAccess.None;

    /// <summary>Whether it is written, as far as one can tell.</summary>
    public readonly bool Writes => (Access & OperandAccess.Write) != OperandAccess.None;

    /// <summary>Whether an address is known at which bytes are accessed.</summary>
    public readonly bool HasAddress => State <= OperandState.UnknownSize && Kind != OperandKind.Physical;

    /// <summary>Whether one access, [Linear, Linear + Size), is all there is of it.</summary>
    public readonly bool IsSingle => Count == 1;

    /// <summary>The pages of all that is accessed, in the order in which it is, at most Limits.MaxOperandPages of them.</summary>
    public readonly OperandPieces Pieces => new(in this);

    /// <summary>Whether one access lies at a linear address.</summary>
    public readonly bool Covers(ulong linear) => HasAddress && Distance(Linear, linear) < (ulong)Math.Max(Size, 1);

    private readonly ulong Distance(ulong from, ulong to) => Wraps ? (uint)(to - from) : to - from;
}
