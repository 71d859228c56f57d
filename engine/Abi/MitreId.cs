namespace Engine.Abi;

/// <summary>MITRE ATT&amp;CK technique of an alert (MITRE_ID); only the values that this version uses.</summary>
public enum MitreId
{
    /// <summary>Rootkit (T1014).</summary>
    Rootkit = 1014,
}
