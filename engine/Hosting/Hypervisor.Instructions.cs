using System;
using Engine.Abi;

namespace Engine.Hosting;

/// <content>How the hypervisor completes instructions, and the rights that it has in force.</content>
internal sealed unsafe partial class Hypervisor
{
    /// <summary>Reads the rights of a frame that are in force.</summary>
    public IntStatus GetRights(ulong gpa, out EptAccess allowed)
    {
        allowed = EptAccess.None;
        if (!Has(GlueCapabilities.ReadRights))
            return IntStatus.NotSupported;

        byte read = 0;
        byte write = 0;
        byte execute = 0;
        IntStatus status = _glue.GetEPTPageProtection(_handle, CurrentEpt, gpa, &read, &write, &execute);
        if (status.IsSuccess())
        {
            allowed = (read != 0 ? EptAccess.Read : EptAccess.None) | (write != 0 ? EptAccess.Write : EptAccess.None) |
                (execute != 0 ? EptAccess.Execute : EptAccess.None);
        }

        return status;
    }

    /// <summary>Gives the bytes that the next emulated instruction of a vCPU has to see at a linear address instead of memory's. The
    /// glue copies them.</summary>
    public IntStatus SetEmulatorContext(uint vcpu, ulong linear, ReadOnlySpan<byte> bytes)
    {
        if (!Has(GlueCapabilities.PatchedReads))
            return IntStatus.NotSupported;
        fixed (byte* pointer = bytes)
            return _glue.SetIntroEmulatorContext(_handle, vcpu, linear, (uint)bytes.Length, pointer);
    }

    /// <summary>Lets the hypervisor perform many iterations of a repeated instruction at once, or makes each one exit.</summary>
    public IntStatus SetRepOptimization(bool enabled) => Has(GlueCapabilities.SingleIterations)
        ? _glue.ToggleRepOptimization(_handle, (byte)(enabled ? 1 : 0))
        : IntStatus.NotSupported;
}
