using System;

namespace Build.Cli;

/// <summary>Ends a verb: the message says what failed, where, and what to do; the code is the program's exit code.</summary>
public sealed class BuildException : Exception
{
    public BuildException(string message)
        : this(Cli.ExitCode.Failed, message)
    {
    }

    public BuildException(string message, Exception innerException)
        : base(message, innerException)
    {
        ExitCode = Cli.ExitCode.Failed;
    }

    public BuildException(int exitCode, string message)
        : base(message)
    {
        ExitCode = exitCode;
    }

    public BuildException()
    {
        ExitCode = Cli.ExitCode.Failed;
    }

    public int ExitCode { get; }
}
