using Engine.Abi;

namespace Engine.Hooks;

/// <summary>What is asked about a write to a register that it has hooked.</summary>
internal interface IRegisterHookHandler
{
    /// <summary>Judges a write. Called in the exit, possibly on several vCPUs at once; must not block, allocate, or throw on expected
    /// paths.</summary>
    /// <returns>The verdict; the strongest of all hooks wins.</returns>
    IntroAction OnWrite(ref RegisterWrite write);
}
