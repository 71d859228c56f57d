using System.Runtime.InteropServices;

namespace Engine.Events;

/// <summary>The information page of the #VE agent for one vCPU (VECPU; spec/15, section 7), 641 bytes. Guest memory: what is in it is
/// what the guest wants to be in it.</summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    8  Reason, Busy              by the processor (SDM 3C, 26.5.7.2)
///      8   32  Qualification, GuestLinearAddress, GuestPhysicalAddress, EptpIndex   by the processor
///     40    8  Reserved
///     48  464  Registers                 by the agent
///    512   16  ProtectedStack, OriginalStack
///    528   16  OldValue, NewValue        of the paging entry
///    544   64  counters
///    608   16  Instruction               its first bytes
///    624   17  Self, Index, Raised
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct VeCpu
{
    /// <summary>Exit reason; 48: EPT violation.</summary>
    public uint Reason;

    /// <summary>All ones while the page is in use.</summary>
    public uint Busy;

    /// <summary>Exit qualification of the violation (SDM 3C, 28.2.1, table 28-7).</summary>
    public ulong Qualification;

    /// <summary>Linear address.</summary>
    public ulong GuestLinearAddress;

    /// <summary>Guest-physical address.</summary>
    public ulong GuestPhysicalAddress;

    /// <summary>Index of the EPT in use.</summary>
    public ulong EptpIndex;

    /// <summary>0.</summary>
    public ulong Reserved;

    /// <summary>The interrupted code's registers.</summary>
    public VeRegisters Registers;

    /// <summary>The agent's stack.</summary>
    public ulong ProtectedStack;

    /// <summary>The interrupted code's stack.</summary>
    public ulong OriginalStack;

    /// <summary>The paging entry as the agent has found it.</summary>
    public ulong OldValue;

    /// <summary>The paging entry as the interrupted instruction makes it.</summary>
    public ulong NewValue;

    /// <summary>Counters of the agent.</summary>
    public fixed ulong Counters[8];

    /// <summary>The first bytes of the interrupted instruction.</summary>
    public fixed byte Instruction[16];

    /// <summary>Linear address of this page.</summary>
    public ulong Self;

    /// <summary>Number of the vCPU, as the agent counts.</summary>
    public ulong Index;

    /// <summary>1: the agent raises the violation to the engine.</summary>
    public byte Raised;
}
