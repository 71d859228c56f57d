namespace Build.Cli;

/// <summary>What the build program tells its caller.</summary>
public static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Missing = 3;
}
