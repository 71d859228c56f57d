using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>Neighbouring pages with the same rights.</summary>
/// <param name="Range">Their addresses.</param>
/// <param name="IsExecutable">Code may be run from them.</param>
/// <param name="IsWritable">They may be written to.</param>
/// <param name="IsUser">User mode may touch them.</param>
internal readonly record struct ImageRun(AddressRange Range, bool IsExecutable, bool IsWritable, bool IsUser)
{
    /// <summary>The kernel's code.</summary>
    public bool IsText => IsExecutable && !IsWritable && !IsUser;

    /// <summary>The kernel's constants.</summary>
    public bool IsRodata => !IsExecutable && !IsWritable && !IsUser;

    /// <summary>The kernel's data.</summary>
    public bool IsData => !IsExecutable && IsWritable && !IsUser;

    /// <summary>A page alone.</summary>
    public static ImageRun Of(ulong address, ulong size, in PageRights rights) =>
        new(new AddressRange(address, address + size), rights.IsExecutable, rights.IsWritable, rights.IsUser);

    /// <summary>Whether another run goes on where this one ends, with the same rights.</summary>
    public bool IsContinuedBy(in ImageRun next) =>
        next.Range.Start == Range.End && next.IsExecutable == IsExecutable && next.IsWritable == IsWritable && next.IsUser == IsUser;
}
