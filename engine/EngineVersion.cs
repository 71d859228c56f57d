namespace Engine;

/// <summary>Versions of the library and of the interface that it implements.</summary>
public static class EngineVersion
{
    /// <summary>Major version of the library.</summary>
    public const ushort Major = 0;

    /// <summary>Minor version of the library.</summary>
    public const ushort Minor = 1;

    /// <summary>Patch version of the library.</summary>
    public const ushort Patch = 0;

    /// <summary>Version of the HVMI introcore interface that the library implements: major.</summary>
    public const uint InterfaceMajor = 1;

    /// <summary>Minor version of that interface.</summary>
    public const uint InterfaceMinor = 133;

    /// <summary>Revision of that interface.</summary>
    public const uint InterfaceRevision = 0;
}
