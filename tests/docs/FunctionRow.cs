namespace Tests.Docs;

/// <summary>One row of docs/functions.md.</summary>
internal sealed record FunctionRow(string Name, string Member, string Test, string State, string Note);
