using Engine.Abi;
using Engine.Sessions;
using Engine.Vcpus;

namespace Exports.EntryPoints.Exits;

/// <summary>One exit, with the arguments of its handler: what <see cref="ExitDoor"/> needs to know of it.</summary>
internal unsafe interface IExit
{
    /// <summary>Kind of the exit, for the record and the counters.</summary>
    static abstract VcpuStateKind Kind { get; }

    /// <summary>Status for a vCPU that the guest does not have: the number of that argument (spec/12, first table).</summary>
    static abstract IntStatus BadVcpu { get; }

    /// <summary>The C function, for the log.</summary>
    static abstract string Name { get; }

    /// <summary>Lets the engine judge it. The vCPU has been claimed.</summary>
    IntStatus Judge(ActiveGuest guest, VcpuState* vcpu, out IntroAction action);
}
