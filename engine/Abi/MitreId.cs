namespace Engine.Abi;

/// <summary>MITRE ATT&amp;CK technique of an alert (MITRE_ID); only the values that this version uses.</summary>
public enum MitreId
{
    /// <summary>Rootkit (T1014).</summary>
    Rootkit = 1014,

    /// <summary>Exploitation for privilege escalation (T1068).</summary>
    ExploitPrivilegeEscalation = 1068,

    /// <summary>Hooking (T1179).</summary>
    Hooking = 1179,
}
