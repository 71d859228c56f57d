using System.Runtime.InteropServices;
using Engine.Abi;

namespace Engine.Sessions;

/// <summary>A guest of <see cref="NullGlue"/>, of one vCPU. It must not move as long as its address serves as a handle.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NullGuest
{
    /// <summary>Its registers.</summary>
    public IgArchRegs Regs;

    /// <summary>What every model-specific register answers.</summary>
    public ulong Ia32Efer;
}
