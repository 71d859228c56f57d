namespace Engine.Instructions.Emulation.Vectors;

/// <summary>How an element becomes narrower.</summary>
internal enum Narrowing
{
    /// <summary>Its low bits.</summary>
    Cut,

    /// <summary>The nearest signed number.</summary>
    Signed,

    /// <summary>The nearest unsigned number.</summary>
    Unsigned,
}
