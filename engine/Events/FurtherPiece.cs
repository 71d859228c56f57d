using Engine.Abi;

namespace Engine.Events;

/// <summary>The part of one of an instruction's operands that lies in one frame.</summary>
internal struct FurtherPiece
{
    /// <summary>Linear address of its first byte.</summary>
    public ulong Linear;

    /// <summary>Guest-physical address of it.</summary>
    public ulong Physical;

    /// <summary>Bytes, 1 to 4096.</summary>
    public int Size;

    /// <summary>Number of the operand.</summary>
    public byte Operand;

    /// <summary>What is done with it.</summary>
    public EptAccess Done;

    /// <summary>Whether it lies in the page of the exit, whose frame the hypervisor has told.</summary>
    public bool IsExit;

    /// <summary>Whether a hook is on it.</summary>
    public bool IsHooked;
}
