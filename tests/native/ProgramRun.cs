namespace Tests.Native;

/// <summary>What a program did.</summary>
/// <param name="ExitCode">Its exit code; 128 and the number of the signal that killed it, or <see cref="TimedOut"/>.</param>
/// <param name="Output">What it wrote to standard output.</param>
/// <param name="Errors">What it wrote to standard error.</param>
/// <param name="Report">What it wrote to file descriptor 3.</param>
public sealed record ProgramRun(int ExitCode, string Output, string Errors, string Report)
{
    /// <summary>Exit code of a program that took too long and was ended.</summary>
    public const int TimedOut = 124;
}
