using Engine.Abi;

namespace Engine.Hooks;

/// <summary>What is asked about a write to a register that it has hooked.</summary>
internal interface IRegisterHookHandler
{
    /// <summary>Judges a write. Called in the exit, possibly on several vCPUs at once; must not block, allocate, or throw on expected
    /// paths.</summary>
    /// <returns>The verdict; the strongest of all hooks wins.</returns>
    IntroAction OnWrite(ref RegisterWrite write);

    /// <summary>Tells what becomes of a load of a table register that was judged, before it happens. Called in the exit; what has to be
    /// guarded instead may be hooked here, and is in force when the exit returns.</summary>
    /// <param name="write">The load.</param>
    /// <param name="final">The strongest action.</param>
    void OnOutcome(ref RegisterWrite write, IntroAction final)
    {
    }
}
