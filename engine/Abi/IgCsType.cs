namespace Engine.Abi;

/// <summary>Kind of the code segment of a vCPU (IG_CS_TYPE).</summary>
public enum IgCsType : uint
{
    /// <summary>Not known.</summary>
    Invalid = 0,

    /// <summary>16-bit code.</summary>
    Bits16 = 1,

    /// <summary>32-bit code.</summary>
    Bits32 = 2,

    /// <summary>64-bit code.</summary>
    Bits64 = 3,
}
