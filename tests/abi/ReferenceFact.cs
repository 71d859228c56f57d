namespace Tests.Abi;

/// <summary>A size, offset or value of the reference's interface.</summary>
/// <param name="Kind">What it is: scalar, type, member, bits, enum, value, constant.</param>
/// <param name="Owner">The type or enumeration that it belongs to, or its own name.</param>
/// <param name="Name">The member or enumerator; empty where the fact is about the owner.</param>
/// <param name="First">Size, offset, first bit or value.</param>
/// <param name="Second">Alignment, size, number of bits or signedness; empty where there is none.</param>
internal sealed record ReferenceFact(string Kind, string Owner, string Name, string First, string Second)
{
    /// <summary>What the fact is about.</summary>
    public string Subject => Name.Length == 0 ? $"{Kind} {Owner}" : $"{Kind} {Owner}.{Name}";

    /// <summary>What it says.</summary>
    public string Values => $"{First} {Second}".TrimEnd();
}
