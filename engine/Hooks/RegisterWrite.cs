using Engine.Abi;
using Engine.Instructions;
using Engine.Memory;
using Engine.Vcpus;

namespace Engine.Hooks;

/// <summary>A write to a hooked register, or a read of a model-specific one, as a handler sees it.</summary>
internal unsafe ref struct RegisterWrite
{
    /// <summary>The record of the vCPU.</summary>
    public VcpuState* Vcpu;

    /// <summary>Its decoder.</summary>
    public InstructionUnit Unit;

    /// <summary>The guest's memory.</summary>
    public GuestMemory Memory;

    /// <summary>Kind of the register.</summary>
    public RegisterKind Kind;

    /// <summary>Its number.</summary>
    public uint Number;

    /// <summary>What is done; always a write, but for model-specific registers.</summary>
    public required MsrAccess Access;

    /// <summary>Value before; the base, for a table register.</summary>
    public ulong Old;

    /// <summary>Value asked for; the base, for a table register; of a read, the one that it gives.</summary>
    public ulong New;

    /// <summary>Limit before, for a table register.</summary>
    public ushort OldLimit;

    /// <summary>Limit asked for, for a table register.</summary>
    public ushort NewLimit;
}
