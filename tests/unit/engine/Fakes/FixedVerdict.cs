using System.Collections.Generic;
using Engine.Abi;
using Engine.Hooks;

namespace Tests.Unit.Fakes;

/// <summary>A handler that gives one verdict and remembers what it was asked.</summary>
internal sealed class FixedVerdict(IntroAction verdict) : IFrameHookHandler
{
    /// <summary>Place, size and known bytes of each access.</summary>
    public List<(ulong Gpa, ulong Gla, int Size, byte[] Data)> Asked { get; } = [];

    /// <summary>Whether it says that it has raised an alert.</summary>
    public bool Reports { get; set; }

    public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook)
    {
        Asked.Add((access.Gpa, access.Gla, access.Size, access.Data.ToArray()));
        access.Reported |= Reports;
        return verdict;
    }
}
