namespace Engine.Hooks;

/// <summary>Finds out by which instruction an access was made, where that was left open: see <see cref="FrameAccess.Attribution"/>.
/// </summary>
internal interface IAccessAttribution
{
    /// <summary>Gets the registers, decodes the instruction, and fills in linear address, operand and the bytes of the whole store, as far
    /// as they can be had. Place and bytes of the access stay what they are.</summary>
    /// <param name="access">The access of the exit that is under way.</param>
    void Attribute(ref FrameAccess access);
}
