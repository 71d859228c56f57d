using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Vcpus;

namespace Tests.Abi;

/// <summary>Which C# structure stands for which structures of the header.</summary>
internal static class StructureNames
{
    /// <summary>Structures whose every member is there.</summary>
    public static IReadOnlyDictionary<Type, string[]> Whole { get; } = new Dictionary<Type, string[]>
    {
        [typeof(GlueIface)] = ["GLUE_IFACE"],
        [typeof(UpperIface)] = ["UPPER_IFACE"],
        [typeof(IgArchRegs)] = ["IG_ARCH_REGS"],
        [typeof(IgQueryMsr)] = ["IG_QUERY_MSR"],
        [typeof(IgSegRegs)] = ["IG_SEG_REGS"],
        [typeof(IntroGuestInfo)] = ["GUEST_INFO"],
        [typeof(IntroGuestConfig)] = ["INTRO_GUEST_CONFIG"],
        [typeof(IntroVersionInfo)] = ["INTRO_VERSION_INFO"],
        [typeof(IntroCpuCtx)] = ["INTRO_CPUCTX"],
        [typeof(IntroGprs)] = ["INTRO_GPRS"],
        [typeof(IntroExecContext)] = ["INTRO_EXEC_CONTEXT"],
        [typeof(IntroWriteInfo)] = ["INTRO_WRITE_INFO"],
        [typeof(IntroViolationHeader)] = ["INTRO_VIOLATION_HEADER"],
        [typeof(VcpuState)] = ["VCPU_STATE"],
        [typeof(VcpuSegment)] = ["VCPU_SEGMENT"],
        [typeof(VcpuInstruction)] = ["VCPU_INSTRUCTION"],
    };

    /// <summary>Structures of which the engine declares what it fills.</summary>
    public static IReadOnlyDictionary<Type, string[]> Partial { get; } = new Dictionary<Type, string[]>
    {
        [typeof(IntroModule)] = ["INTRO_MODULE"],
        [typeof(IntroProcess)] = ["INTRO_PROCESS"],
        [typeof(EventEptViolation)] = ["EVENT_EPT_VIOLATION"],
        [typeof(EventIntegrityViolation)] = ["EVENT_INTEGRITY_VIOLATION"],
        [typeof(EventRegisterViolation)] = ["EVENT_CR_VIOLATION", "EVENT_MSR_VIOLATION", "EVENT_DTR_VIOLATION"],
    };

    /// <summary>Whether a structure is compared on its own.</summary>
    public static bool IsKnown(Type type) => Whole.ContainsKey(type) || Partial.ContainsKey(type);
}
