using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;

namespace Bench;

/// <summary>What hooks take, by the allocator's own account.</summary>
internal static partial class HookMemory
{
    private const int Hooks = 100_000;

    public static double BytesPerHook()
    {
        ClaimTable claims = new(1);
        RetireList retired = new(claims);
        nuint before = InUse();
        using FrameHookMap map = new(retired);
        for (ulong frame = 0; frame < Hooks; frame++)
        {
            map.Add(frame, 0, 4096, EptAccess.Write, 0, 0);
            retired.Collect();
        }

        return (double)(InUse() - before) / Hooks;
    }

    private static nuint InUse()
    {
        AllocatorInfo info = Information();
        return info.UsedBytes + info.MappedBytes;
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial AllocatorInfo Information();
}
