namespace Build.Measurements;

/// <summary>What being watched costs a guest; times in seconds, medians of all runs.</summary>
/// <param name="Runs">Runs of each kind.</param>
/// <param name="BootBare">Start of the emulator to the guest's shell, without the plug-in.</param>
/// <param name="BootWatched">The same with the engine.</param>
/// <param name="WorkBare">The fixed workload, without the plug-in.</param>
/// <param name="WorkWatched">The same with the engine.</param>
/// <param name="WorkExits">Exits of a whole run with the engine and the workload.</param>
/// <param name="AttackExits">Exits of a run with repeated attacks.</param>
/// <param name="EngineMedian">Nanoseconds of such an exit in the engine, median.</param>
/// <param name="EngineMean">The same, mean.</param>
/// <param name="GlueMean">Nanoseconds of such an exit in the glue besides, mean.</param>
public sealed record GuestCost(
    int Runs, double BootBare, double BootWatched, double WorkBare, double WorkWatched, double WorkExits, ulong AttackExits,
    double EngineMedian, double EngineMean, double GlueMean)
{
    public double BootRatio => BootWatched / BootBare;

    public double WorkRatio => WorkWatched / WorkBare;
}
