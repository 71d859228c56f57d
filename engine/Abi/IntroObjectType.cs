namespace Engine.Abi;

/// <summary>What an alert is about (INTRO_OBJECT_TYPE); only the values that this version uses.</summary>
public enum IntroObjectType
{
    /// <summary>Memory of which nothing is known.</summary>
    Raw = 1,

    /// <summary>Interrupt descriptor table.</summary>
    Idt = 7,

    /// <summary>Interrupt descriptor table register.</summary>
    Idtr = 27,

    /// <summary>Global descriptor table register.</summary>
    Gdtr = 28,
}
