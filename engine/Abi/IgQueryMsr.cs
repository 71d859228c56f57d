using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Buffer of <see cref="QueryInfoClass.ReadMsr"/> (IG_QUERY_MSR), 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IgQueryMsr
{
    /// <summary>Number of the register, set by the engine.</summary>
    public uint MsrId;

    /// <summary>Its value, set by the glue.</summary>
    public ulong Value;
}
