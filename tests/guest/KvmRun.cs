using System.Collections.Generic;

namespace Tests.Guest;

/// <summary>What introvm has said and how it ended.</summary>
/// <param name="Title">Where it ran.</param>
/// <param name="Lines">Its output, and what its machine said meanwhile.</param>
/// <param name="ExitCode">Its exit code; null: it did not come to its end.</param>
public sealed record KvmRun(string Title, IReadOnlyList<string> Lines, int? ExitCode);
