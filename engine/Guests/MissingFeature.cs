namespace Engine.Guests;

/// <summary>Something that cannot be done for a guest.</summary>
/// <param name="Feature">What is off.</param>
/// <param name="Reason">What it would need.</param>
internal sealed record MissingFeature(string Feature, string Reason);
