using System;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>Holds the kernel's types against its first task, of which much is known beforehand (spec/33, 3.4).</summary>
/// <param name="reader">The kernel's memory.</param>
/// <param name="offsets">Members by the kernel's types.</param>
internal sealed class LinuxTaskCheck(IMemoryReader reader, LinuxOffsets offsets)
{
    private const ulong KernelHalf = 1UL << 63;

    /// <summary>Bytes of a task's name (TASK_COMM_LEN).</summary>
    public const int NameBytes = 16;

    /// <summary>What does not fit the first task; empty: everything does.</summary>
    public string FindFault(ulong initTask)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        int length = reader.ReadText(initTask + (ulong)offsets.TaskComm, name);
        if (length < 7 || !name.StartsWith("swapper"u8))
            return "comm";
        if (!reader.TryRead(initTask + (ulong)offsets.TaskPid, out int pid) || pid != 0)
            return "pid";
        if (!reader.TryRead(initTask + (ulong)offsets.TaskTgid, out int tgid) || tgid != 0)
            return "tgid";
        if (!reader.TryRead(initTask + (ulong)offsets.TaskParent, out ulong parent) || parent != initTask)
            return "real_parent";
        if (!reader.TryRead(initTask + (ulong)offsets.TaskMm, out ulong mm) || mm != 0)
            return "mm";

        ulong list = initTask + (ulong)offsets.TaskTasks;
        if (!reader.TryRead(list, out ulong next) || (next & KernelHalf) == 0 || !reader.TryRead(next + 8, out ulong back) || back != list)
            return "tasks";
        if (!reader.TryRead(initTask + (ulong)offsets.TaskCred, out ulong cred) || (cred & KernelHalf) == 0 ||
            !reader.TryRead(cred + (ulong)offsets.CredUid, out uint uid) || uid != 0)
        {
            return "cred";
        }

        return "";
    }

    /// <summary>Whether an address is a task's: a name that ends, numbers that can be, a list whose neighbours know it. Tasks that just
    /// end are none any more.</summary>
    public bool IsTask(ulong task)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        return (task & KernelHalf) != 0 && reader.Read(task + (ulong)offsets.TaskComm, name) == NameBytes && name.Contains((byte)0) &&
            reader.TryRead(task + (ulong)offsets.TaskPid, out int pid) && pid >= 0 &&
            reader.TryRead(task + (ulong)offsets.TaskTgid, out int tgid) && tgid >= 0 &&
            reader.TryRead(task + (ulong)offsets.TaskCred, out ulong cred) && (cred & KernelHalf) != 0 &&
            reader.TryRead(task + (ulong)offsets.TaskSignal, out ulong signal) && (signal & KernelHalf) != 0;
    }
}
