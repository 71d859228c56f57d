namespace Build.Tools;

/// <summary>How a program ended and what it printed on standard output and standard error, in order of arrival.</summary>
public sealed record ToolResult(int ExitCode, string Output);
