using System.Collections.Generic;
using Engine.Abi;

namespace Tests.Unit.Registers;

/// <summary>What the hypervisor of a test knows of its guest's registers and their exits.</summary>
internal sealed class RegisterHost
{
    /// <summary>Whether the handler of a kind is registered.</summary>
    public Dictionary<string, bool> Registered { get; } = [];

    /// <summary>Whether a register's exit is enabled: "CR4", or a model-specific register's number in hexadecimal.</summary>
    public Dictionary<string, bool> Enabled { get; } = [];

    /// <summary>Exits that cannot be enabled.</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>Model-specific registers that can be read; others answer NOT_SUPPORTED, EFER as FakeHypervisor has it.</summary>
    public Dictionary<uint, ulong> Msrs { get; } = [];

    /// <summary>Alerts about registers, in order.</summary>
    public List<(IntroEventType Type, EventRegisterViolation Alert)> Alerts { get; } = [];

    /// <summary>What a registration answers.</summary>
    public IntStatus RegisterAnswer { get; set; }

    public int Pauses { get; set; }

    public int Resumes { get; set; }
}
