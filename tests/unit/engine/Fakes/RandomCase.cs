namespace Tests.Unit.Fakes;

/// <summary>Content of page tables and addresses to look up in them, for <see cref="RandomTables"/>.</summary>
internal sealed record RandomCase(ulong[] Entries, ulong[] Linears, ulong Seed, bool HasLargePages32, bool HasNoExecute, int PhysicalBits);
