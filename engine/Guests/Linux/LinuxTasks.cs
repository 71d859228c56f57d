using System;
using System.Collections.Generic;
using System.Text;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>
/// Walks the kernel's list of processes and their threads (spec/33, 5.1). The guest may change them meanwhile: every hop is checked from
/// both ends, and steps are bounded.
/// </summary>
/// <param name="reader">The kernel's memory.</param>
/// <param name="offsets">Members by the kernel's types.</param>
internal sealed class LinuxTasks(IMemoryReader reader, LinuxOffsets offsets)
{
    private const int ListPrevious = 8;

    /// <summary>All tasks; the first is the idle task of processor 0. False: the lists were not whole, and some may be missing.</summary>
    public bool TryReadAll(ulong initTask, List<LinuxTask> tasks)
    {
        bool isWhole = true;
        ulong head = initTask + (ulong)offsets.TaskTasks;
        ulong at = head;
        do
        {
            ulong leader = at - (ulong)offsets.TaskTasks;
            if (!TryRead(leader, out LinuxTask? task))
                return false;
            tasks.Add(task!);
            if (leader != initTask)
                isWhole &= TryReadThreads(leader, tasks);
            if (!TryGoOn(at, out at))
                return false;
        }
        while (at != head && tasks.Count < Limits.MaxTasks);

        return isWhole && at == head;
    }

    /// <summary>The task of a process. False: there is none, or the list is not whole.</summary>
    public bool TryFind(ulong initTask, int pid, out LinuxTask? task)
    {
        List<LinuxTask> tasks = [];
        TryReadAll(initTask, tasks);
        task = tasks.Find(candidate => candidate.Pid == pid);
        return task is not null;
    }

    private bool TryReadThreads(ulong leader, List<LinuxTask> tasks)
    {
        if (!reader.TryRead(leader + (ulong)offsets.TaskSignal, out ulong signal))
            return false;
        ulong head = signal + (ulong)offsets.SignalThreads;
        ulong at = head;
        while (TryGoOn(at, out at) && tasks.Count < Limits.MaxTasks)
        {
            if (at == head)
                return true;
            ulong thread = at - (ulong)offsets.TaskThreadNode;
            if (thread == leader)
                continue;
            if (!TryRead(thread, out LinuxTask? task))
                return false;
            tasks.Add(task!);
        }

        return false;
    }

    /// <summary>The next entry of a list, which has to know this one.</summary>
    private bool TryGoOn(ulong entry, out ulong next) =>
        reader.TryRead(entry, out next) && reader.TryRead(next + ListPrevious, out ulong back) && back == entry;

    private bool TryRead(ulong address, out LinuxTask? task)
    {
        task = null;
        Span<byte> name = stackalloc byte[LinuxTaskCheck.NameBytes];
        int length = reader.ReadText(address + (ulong)offsets.TaskComm, name);
        if (length < 0 || !reader.TryRead(address + (ulong)offsets.TaskPid, out int pid) ||
            !reader.TryRead(address + (ulong)offsets.TaskTgid, out int tgid) ||
            !reader.TryRead(address + (ulong)offsets.TaskMm, out ulong mm) ||
            !reader.TryRead(address + (ulong)offsets.TaskCred, out ulong cred) ||
            !reader.TryRead(cred + (ulong)offsets.CredUid, out uint uid) ||
            !reader.TryRead(cred + (ulong)offsets.CredEffectiveUid, out uint effective) ||
            !reader.TryRead(cred + (ulong)offsets.CredEffective, out ulong capabilities))
        {
            return false;
        }

        int parentTgid = -1;
        if (reader.TryRead(address + (ulong)offsets.TaskParent, out ulong parent))
            parentTgid = reader.TryRead(parent + (ulong)offsets.TaskTgid, out int number) ? number : -1;
        task = new LinuxTask(
            address, pid, tgid, parentTgid, Encoding.Latin1.GetString(name[..length]), mm, uid, effective, capabilities);
        return true;
    }
}
