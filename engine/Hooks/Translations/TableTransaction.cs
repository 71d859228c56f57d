using System;
using Engine.Concurrency;

namespace Engine.Hooks.Translations;

/// <summary>
/// A store to monitored entries between its judgement and its outcome, and what it changes. There is one at a time for a guest: another
/// store that counts has its instruction executed again meanwhile.
/// </summary>
/// <remarks>Thread safety: owner and serial are for everybody, under the lock; the rest is the owner's, who changes nodes under the
/// lock.</remarks>
internal sealed class TableTransaction : IDisposable
{
    /// <summary>Nobody owns it.</summary>
    public const nint Nobody = 0;

    private StoredBytes _first;
    private StoredBytes _second;
    private long _conflictSince;
    private uint _conflictSerial;

    /// <summary>Address of the FrameAccess that the store is judged by; it lives on the owner's stack.</summary>
    public nint Owner { get; private set; }

    /// <summary>Number of this transaction.</summary>
    public uint Serial { get; private set; }

    /// <summary>The vCPU; NoVcpu: none.</summary>
    public uint Vcpu { get; private set; }

    /// <summary>It has happened already.</summary>
    public bool IsObserved { get; private set; }

    /// <summary>Pages whose translation it changes.</summary>
    public NativeList<PageChange> Changes { get; } = new();

    /// <summary>Nodes that get another table or other rights.</summary>
    public NativeList<TableMove> Moves { get; } = new();

    /// <summary>Positions in Moves: nodes whose table to come is read once its hook is in force.</summary>
    public NativeList<int> Unread { get; } = new();

    /// <summary>Number of changes about which the handlers have been asked.</summary>
    public int Judged { get; set; }

    /// <summary>Somebody who was asked protects, and is asked once more.</summary>
    public bool HasProtector { get; set; }

    /// <summary>Some change about which they have been asked is void.</summary>
    public bool HasVoid { get; set; }

    /// <summary>The node whose table is stored to.</summary>
    public RecordKey Node { get; set; }

    /// <summary>Its first entry that is stored to.</summary>
    public int FirstEntry { get; set; }

    /// <summary>Its last entry that is stored to.</summary>
    public int LastEntry { get; set; }

    /// <summary>Nodes and pages that were looked at.</summary>
    public int Visited { get; set; }

    /// <summary>It may take long: it is found by the timer, not in an exit.</summary>
    public bool IsThorough { get; set; }

    /// <summary>Why not all of it is here: too much for one exit, or no hook could be set.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>Begins, or goes on with what the same access has begun. False: another store is under way.</summary>
    public bool TryBegin(nint owner, uint vcpu, bool observed)
    {
        if (Owner == owner)
            return true;
        if (Owner != Nobody && !IsAbandoned())
            return false;

        Owner = owner;
        Vcpu = vcpu;
        IsObserved = observed;
        Serial++;
        Visited = Judged = 0;
        _first.Size = _second.Size = 0;
        IsIncomplete = IsThorough = HasVoid = HasProtector = false;
        Changes.Clear();
        Moves.Clear();
        Unread.Clear();
        return true;
    }

    /// <summary>Remembers what the store writes, in the frame of the access and in the other one.</summary>
    public void NoteBytes(in FrameAccess access)
    {
        _first.Set(access.Gpa, access.Data);
        _second.Set(access.OtherGpa, access.OtherData);
    }

    /// <summary>Puts what the store writes over what was read from an address on.</summary>
    public void Overlay(ulong gpa, Span<byte> bytes)
    {
        _first.Overlay(gpa, bytes);
        _second.Overlay(gpa, bytes);
    }

    /// <summary>Ends it.</summary>
    public void End() => Owner = Nobody;

    /// <inheritdoc/>
    public void Dispose()
    {
        Changes.Dispose();
        Moves.Dispose();
        Unread.Dispose();
    }

    /// <summary>An exit that ended by a fault of the engine leaves its transaction behind.</summary>
    private bool IsAbandoned()
    {
        long now = Environment.TickCount64;
        if (_conflictSerial != Serial)
        {
            _conflictSerial = Serial;
            _conflictSince = now;
        }

        return now - _conflictSince > Limits.TransactionMilliseconds;
    }
}
