using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Memory;
using Engine.Sessions;

namespace Exports.EntryPoints;

/// <summary>Exports that look at a guest's memory: additions to the reference's interface.</summary>
[SkipLocalsInit]
internal static unsafe class MemoryCalls
{
    private const uint CurrentVcpu = 0xFFFF_FFFF;

    [UnmanagedCallersOnly(EntryPoint = "IntTranslateLinear")]
    private static IntStatus TranslateLinear(nint handle, uint vcpu, ulong linear, ulong cr3, PagingMode mode, ulong* gpa)
    {
        try
        {
            if (handle == 0)
                return IntStatus.InvalidParameter1;
            if ((uint)mode > (uint)PagingMode.Level5)
                return IntStatus.InvalidParameter5;
            if (gpa == null)
                return IntStatus.InvalidParameter6;
            ActiveGuest? guest = CurrentEngine.FindActive(handle);
            if (guest is null)
                return IntStatus.NotInitialized;

            IntStatus status = guest.Translate(vcpu, mode, cr3, linear, out *gpa);
            return status != IntStatus.InvalidParameter2 ? status
                : vcpu < (uint)guest.Vcpus.Count || vcpu == CurrentVcpu ? IntStatus.InvalidParameter3
                : status;
        }
        catch (Exception exception)
        {
            return Faults.Report("IntTranslateLinear", exception);
        }
    }
}
