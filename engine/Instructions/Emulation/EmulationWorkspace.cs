using System;
using Engine.Hosting;
using Engine.Instructions.Emulation.State;

namespace Engine.Instructions.Emulation;

/// <summary>
/// What emulating an instruction takes besides the stack: extended state, and room for stores that are longer than one register or
/// go to several places.
/// </summary>
/// <remarks>Room is made once, the first time that it matters. Thread safety: one instance a vCPU, used by the thread that claimed
/// it.</remarks>
internal sealed class EmulationWorkspace(XsaveLayout layout)
{
    /// <summary>One run of bytes has a part in each of two pages.</summary>
    private const int UsualPieces = 2;

    private byte[] _wide = [];
    private byte[] _before = [];
    private StoreRun[] _runs = [];
    private StorePiece[] _pieces = new StorePiece[UsualPieces];

    /// <summary>Extended state of the vCPU.</summary>
    public ExtendedState State { get; } = new(layout);

    /// <summary>Whether reads see the bytes of the record's patch buffer instead of memory's.</summary>
    public bool UsesPatch { get; private set; }

    /// <summary>The parts of the store, in the order in which they are written, once their places are known.</summary>
    public ReadOnlySpan<StorePiece> Pieces => _pieces.AsSpan(0, PieceCount);

    /// <summary>How many there are.</summary>
    public int PieceCount { get; private set; }

    /// <summary>Bytes of a store that consists of runs.</summary>
    public Span<byte> Wide
    {
        get
        {
            if (_wide.Length == 0)
                _wide = new byte[Limits.MaxXsaveBytes];
            return _wide;
        }
    }

    /// <summary>What was there before a store of several pieces.</summary>
    public Span<byte> Before
    {
        get
        {
            if (_before.Length == 0)
                _before = new byte[Limits.MaxXsaveBytes];
            return _before;
        }
    }

    /// <summary>Runs of such a store; InstructionEffect.RunCount says how many.</summary>
    public Span<StoreRun> Runs
    {
        get
        {
            if (_runs.Length == 0)
                _runs = new StoreRun[Limits.MaxStoreRuns];
            return _runs;
        }
    }

    /// <summary>Begins an instruction. <paramref name="hypervisor"/>: who is asked for state that it needs; null: nobody.</summary>
    public void Begin(Hypervisor? hypervisor, uint vcpu, bool usesPatch = false)
    {
        Hypervisor = hypervisor;
        UsesPatch = usesPatch;
        State.Begin(hypervisor, vcpu);
    }

    /// <summary>Begins an instruction whose extended state is known.</summary>
    public void Begin(ReadOnlySpan<byte> area, bool usesPatch)
    {
        Hypervisor = null;
        UsesPatch = usesPatch;
        State.Begin(area);
    }

    /// <summary>Who is asked for registers that are not in the record; null: nobody.</summary>
    public Hypervisor? Hypervisor { get; private set; }

    /// <summary>Forgets the pieces.</summary>
    public void ClearPieces() => PieceCount = 0;

    /// <summary>Adds a piece. False: there are too many.</summary>
    public bool TryAddPiece(in StorePiece piece)
    {
        if (PieceCount == _pieces.Length)
        {
            if (PieceCount == Limits.MaxStorePieces)
                return false;
            Array.Resize(ref _pieces, Limits.MaxStorePieces);
        }

        _pieces[PieceCount++] = piece;
        return true;
    }

    /// <summary>Whether a piece lies in the frame of an address.</summary>
    public bool IsInFrameOf(ulong gpa)
    {
        const ulong PageMask = 0xFFF;
        foreach (ref readonly StorePiece piece in Pieces)
        {
            if (((piece.Gpa ^ gpa) & ~PageMask) == 0)
                return true;
        }

        return false;
    }
}
