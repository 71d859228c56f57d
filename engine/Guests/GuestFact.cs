namespace Engine.Guests;

/// <summary>One thing that was found out about a guest.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Value">What was found.</param>
/// <param name="Source">From where.</param>
/// <param name="Confidence">What it is worth.</param>
internal sealed record GuestFact(string Name, string Value, FactSource Source, Confidence Confidence);
