namespace Engine.Protection;

/// <summary>What became of one protection, for the log and for queries.</summary>
/// <param name="Name">What is guarded, as a short constant name.</param>
/// <param name="State">How.</param>
/// <param name="Detail">Why not, or how much; may be empty.</param>
internal sealed record ProtectionReport(string Name, ProtectionState State, string Detail);
