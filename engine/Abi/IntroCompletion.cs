namespace Engine.Abi;

/// <summary>Who completes a store that the engine allows (INTRO_COMPLETION; architecture.md, "Completion").</summary>
public enum IntroCompletion : uint
{
    /// <summary>The hypervisor executes or emulates the instruction again, from guest memory.</summary>
    Refetch = 0,

    /// <summary>The exit carries the bytes of the store; exactly these are written, or nothing.</summary>
    Data = 1,
}
