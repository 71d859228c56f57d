using Xunit;

namespace Tests.Linux;

/// <summary>Guests run one after the other: each takes a whole CPU, and the machine may have only two.</summary>
[CollectionDefinition(Name)]
public sealed class GuestCollection
{
    public const string Name = "Linux guests";
}
