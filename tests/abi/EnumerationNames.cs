using System;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Vcpus;

namespace Tests.Abi;

/// <summary>Which C# enumeration stands for which names of the header: an enumeration there, or all macros of a prefix.</summary>
internal static class EnumerationNames
{
    /// <summary>Name of the enumeration, or prefix of the macros, which ends with an underscore.</summary>
    public static IReadOnlyDictionary<Type, string> All { get; } = new Dictionary<Type, string>
    {
        [typeof(AlertFlags)] = "ALERT_FLAG_",
        [typeof(DescriptorAccess)] = "IG_DESC_ACCESS",
        [typeof(MsrAccess)] = "IG_MSR_HOOK_TYPE",
        [typeof(EptAccess)] = "IG_EPT_HOOK_TYPE",
        [typeof(GuardOptions)] = "INTRO_GUARD_",
        [typeof(GuestConfigFlags)] = "INTRO_GUEST_",
        [typeof(GuestOptions)] = "INTRO_OPT_",
        [typeof(GuestPowerState)] = "IG_GUEST_POWER_STATE",
        [typeof(IgCsType)] = "IG_CS_TYPE",
        [typeof(IgLogLevel)] = "IG_LOG_LEVEL",
        [typeof(IntStatus)] = "INT_STATUS_",
        [typeof(IntroAction)] = "INTRO_ACTION",
        [typeof(IntroActionReason)] = "INTRO_ACTION_REASON",
        [typeof(IntroCompletion)] = "INTRO_COMPLETION",
        [typeof(IntroEptAccessType)] = "INTRO_EPT_ACCESS_TYPE",
        [typeof(IntroEventType)] = "INTRO_EVENT_TYPE",
        [typeof(IntroObjectType)] = "INTRO_OBJECT_TYPE",
        [typeof(MitreId)] = "MITRE_ID",
        [typeof(QueryInfoClass)] = "IG_QUERY_INFO_CLASS",
        [typeof(ZoneFlags)] = "ZONE_",
        [typeof(VcpuExitFlags)] = "VCPU_EXIT_",
        [typeof(VcpuRegisters)] = "VCPU_REG_",
        [typeof(VcpuStateKind)] = "VCPU_STATE_KIND",
    };
}
