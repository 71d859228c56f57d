using System;
using Engine.Instructions;

namespace Engine.Events;

/// <summary>All that an instruction accesses which the hypervisor completes as a whole, cut at the borders of pages and translated, and
/// what a look at it has found. A value on the stack of an exit, over room that it is given.</summary>
internal ref struct WholeInstruction
{
    private readonly Span<FurtherPiece> _pieces;

    /// <param name="operands">Room for its operands.</param>
    /// <param name="pieces">Room for their pieces.</param>
    public WholeInstruction(Span<MemoryOperand> operands, Span<FurtherPiece> pieces)
    {
        Operands = operands;
        _pieces = pieces;
    }

    /// <summary>Its operands; before they are listed, the room for them.</summary>
    public Span<MemoryOperand> Operands { get; set; }

    /// <summary>The pieces.</summary>
    public readonly ReadOnlySpan<FurtherPiece> Pieces => _pieces[..Count];

    /// <summary>Whether that was found out.</summary>
    public bool IsKnown { get; set; }

    /// <summary>Number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Whether more is accessed, of which it is not known where, or how much.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>Whether its exit is among it: it is the instruction that has caused it.</summary>
    public bool Explains { get; set; }

    /// <summary>Whether a hook is.</summary>
    public bool Reaches { get; set; }

    /// <summary>Whether a page is not there for it, at <see cref="FaultLinear"/>.</summary>
    public readonly bool HasFault => FaultCode is not null;

    /// <summary>Whether the processor raises the page fault in any case; if not, only if it gets that far.</summary>
    public bool IsFaultCertain { get; private set; }

    /// <summary>Address of the first page fault.</summary>
    public ulong FaultLinear { get; private set; }

    /// <summary>Its error code; null: there is none.</summary>
    public uint? FaultCode { get; private set; }

    /// <summary>Adds a piece; where there is no room, the list is incomplete.</summary>
    public void Add(in FurtherPiece piece)
    {
        if (Count == _pieces.Length)
            IsIncomplete = true;
        else
            _pieces[Count++] = piece;
    }

    /// <summary>Notes that a page is not there; the first one counts.</summary>
    public void NoteFault(ulong linear, uint errorCode, bool isCertain)
    {
        if (HasFault)
            return;
        FaultLinear = linear;
        FaultCode = errorCode;
        IsFaultCertain = isCertain;
    }
}
