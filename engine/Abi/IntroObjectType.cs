namespace Engine.Abi;

/// <summary>What an alert is about (INTRO_OBJECT_TYPE); only the values that this version uses.</summary>
public enum IntroObjectType
{
    /// <summary>Interrupt descriptor table.</summary>
    Idt = 7,
}
