using System.Collections.Generic;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>A loaded module of a guest at one moment.</summary>
/// <param name="Address">Its struct module.</param>
/// <param name="Name">Its name.</param>
/// <param name="State">0 live, 1 coming, 2 going, 3 being formed.</param>
/// <param name="Ranges">Its memory, parts that are freed already left out.</param>
internal sealed record LinuxModule(ulong Address, string Name, uint State, IReadOnlyList<AddressRange> Ranges);
