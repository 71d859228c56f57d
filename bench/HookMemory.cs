using System;
using System.Runtime.InteropServices;
using Engine.Abi;
using Engine.Concurrency;
using Engine.Hooks;
using Engine.Hooks.Linear;
using Engine.Memory;
using Engine.Sessions;

namespace Bench;

/// <summary>What hooks take, by the allocator's own account.</summary>
internal static partial class HookMemory
{
    private const int Hooks = 100_000;
    private const int EntriesPerTable = 512;
    private const ulong FirstMore = 0x20_0000;
    private const ulong FirstMoreTable = 0x4_0000;

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

    /// <summary>The same of hooks on linear addresses, one a page: what follows the page, the hooks on its tables, and the frame hook.</summary>
    public static unsafe double BytesPerLinearHook()
    {
        const int Tables = Hooks / EntriesPerTable;
        using BenchRam ram = new();
        MapMore(ram, Tables);
        IntroEngine engine = new(NullGlue.SettingsWith(default));
        nint handle = (nint)ram.Guest;
        GuestSession session = engine.Declare(handle) ?? throw new InvalidOperationException("no guest");
        session.DeclareMemory(0, BenchRam.Size, ram.Pointer);
        IntStatus status = engine.NewGuest(handle, GuestOptions.Supported & ~GuestOptions.KernelBeta, null, 0);
        ActiveGuest guest = session.Active ?? throw new InvalidOperationException($"no guest: {status}");
        ushort handler = guest.FrameHooks.AddHandler(new Allow());
        PagingContext paging = BenchRam.Paging;

        nuint before = InUse();
        for (ulong page = 0; page < Tables * EntriesPerTable && status.IsSuccess(); page++)
        {
            status = guest.LinearHooks.Set(
                in paging, BenchRam.Linear + FirstMore + (page << 12), 4096, EptAccess.Write, handler, page, LinearHookFlags.None, 0, out _);
        }

        double bytes = (double)(InUse() - before) / guest.LinearHooks.Count;
        engine.Disable(handle);
        return status.IsSuccess() ? bytes : throw new InvalidOperationException($"a hook was not set: {status}");
    }

    /// <summary>Tables that lead to all of RAM, again and again.</summary>
    private static unsafe void MapMore(BenchRam ram, int tables)
    {
        ulong* directory = (ulong*)(ram.Pointer + BenchRam.Tables + 0x2000);
        ulong* first = directory + EntriesPerTable;
        for (int i = 0; i < tables; i++)
        {
            ulong table = FirstMoreTable + ((ulong)i << 12);
            directory[i + 1] = table | 0x63;
            new ReadOnlySpan<ulong>(first, EntriesPerTable).CopyTo(new Span<ulong>(ram.Pointer + table, EntriesPerTable));
        }
    }

    private static nuint InUse()
    {
        AllocatorInfo info = Information();
        return info.UsedBytes + info.MappedBytes;
    }

    private sealed class Allow : IFrameHookHandler
    {
        public IntroAction OnAccess(ref FrameAccess access, in FrameHook hook) => IntroAction.Allowed;
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial AllocatorInfo Information();
}
