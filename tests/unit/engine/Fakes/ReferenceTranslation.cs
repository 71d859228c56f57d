using System.Collections.Generic;
using System.Linq;
using Engine.Abi;

namespace Tests.Unit.Fakes;

/// <summary>What <see cref="ReferenceWalk"/> found: a list of (address, entry, whether it has rights), and how it ended.</summary>
internal sealed class ReferenceTranslation
{
    public IntStatus Status { get; set; }

    public ulong Physical { get; set; }

    public ulong PageSize { get; set; }

    public List<(ulong Address, ulong Entry)> Trace { get; } = [];

    /// <summary>Entries that are present, without reserved bits, and that have rights.</summary>
    public List<ulong> Counted { get; } = [];

    public ulong Leaf => Trace.Count == 0 ? 0 : Trace[^1].Entry;

    public bool IsUser => Counted.All(entry => (entry & 4) == 4);

    public bool IsWritable => Counted.All(entry => (entry & 2) == 2);

    public bool IsExecutable => Counted.All(entry => entry < 1UL << 63);

    public bool IsAccessed => Counted.All(entry => (entry & 0x20) == 0x20);

    public int PatIndex =>
        (((Leaf >> (PageSize > 0x1000 ? 12 : 7)) & 1) == 1 ? 4 : 0) + (((Leaf >> 4) & 1) == 1 ? 2 : 0) + (((Leaf >> 3) & 1) == 1 ? 1 : 0);
}
