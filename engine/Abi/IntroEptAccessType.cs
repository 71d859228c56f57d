namespace Engine.Abi;

/// <summary>Violation of an EPT alert (INTRO_EPT_ACCESS_TYPE).</summary>
public enum IntroEptAccessType : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Read.</summary>
    Read = 1,

    /// <summary>Write.</summary>
    Write = 2,

    /// <summary>Execute.</summary>
    Execute = 3,
}
