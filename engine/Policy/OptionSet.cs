using Engine.Abi;

namespace Engine.Policy;

/// <summary>What is to be guarded, and how: the options and the guards that are in force together. Immutable: a change is another set,
/// so that whoever looks sees all of the old or all of the new.</summary>
/// <param name="Options">Options, those that this version acts on.</param>
/// <param name="Guards">Protections that the reference has no option for.</param>
internal sealed record OptionSet(GuestOptions Options, GuardOptions Guards)
{
    /// <summary>Nothing is guarded.</summary>
    public static OptionSet None { get; } = new(GuestOptions.None, GuardOptions.None);

    /// <summary>Whether an option is on.</summary>
    public bool Has(GuestOptions option) => (Options & option) != GuestOptions.None;

    /// <summary>Whether a guard is on.</summary>
    public bool Has(GuardOptions guard) => (Guards & guard) != GuardOptions.None;

    /// <summary>What is on in one of two sets.</summary>
    public OptionSet With(OptionSet other) => new(Options | other.Options, Guards | other.Guards);
}
