namespace Engine.Events;

/// <summary>What an access touches.</summary>
internal enum Touch
{
    /// <summary>No hook.</summary>
    Nothing,

    /// <summary>Hooks that judge by the bytes alone.</summary>
    BytesOnly,

    /// <summary>A hook that needs registers and the instruction.</summary>
    Hook,
}
