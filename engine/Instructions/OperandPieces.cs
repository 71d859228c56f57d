using System;

namespace Engine.Instructions;

/// <summary>Cuts an operand at the borders of pages: <c>foreach (OperandPiece piece in operand.Pieces)</c>. Ascending, unless its
/// repetitions descend: then the page of the first one comes first. An operand without an address has none; of one whose size
/// is not known, the page where it begins.</summary>
internal struct OperandPieces
{
    private const ulong PageMask = 0xFFF;

    private readonly ulong _addressMask;
    private readonly bool _descends;
    private ulong _start;
    private ulong _left;
    private int _pages;

    public OperandPieces(in MemoryOperand operand)
    {
        _addressMask = operand.Wraps ? uint.MaxValue : ulong.MaxValue;
        _descends = operand.Descends;
        _start = operand.Start;
        _left = !operand.HasAddress ? 0
            : operand.State == OperandState.UnknownSize ? PageMask + 1 - (operand.Start & PageMask)
            : operand.Length;
    }

    /// <summary>The piece; valid after <see cref="MoveNext"/> has returned true.</summary>
    public OperandPiece Current { get; private set; }

    /// <summary>Whether pieces were left out after Limits.MaxOperandPages.</summary>
    public readonly bool IsCut => _left != 0 && _pages == Limits.MaxOperandPages;

    /// <summary>This.</summary>
    public readonly OperandPieces GetEnumerator() => this;

    /// <summary>Goes to the next page.</summary>
    public bool MoveNext()
    {
        if (_left == 0 || _pages == Limits.MaxOperandPages)
            return false;

        _pages++;
        ulong size;
        if (_descends)
        {
            ulong last = _start + _left - 1;
            size = Math.Min(_left, (last & PageMask) + 1);
            Current = new OperandPiece((last - size + 1) & _addressMask, (int)size);
        }
        else
        {
            size = Math.Min(_left, PageMask + 1 - (_start & PageMask));
            Current = new OperandPiece(_start & _addressMask, (int)size);
            _start += size;
        }

        _left -= size;
        return true;
    }
}
