using System.Collections.Generic;
using System.Text;
using Engine.Symbols.Btf;

namespace Engine.Guests.Linux;

/// <summary>
/// Offsets of members that the engine uses, in bytes, looked up once in the kernel's types. What a kernel does not have is -1, and switches
/// off what needs it.
/// </summary>
internal sealed class LinuxOffsets
{
    private readonly BtfTypes _types;
    private readonly List<string> _missing = [];

    /// <summary>Looks them up.</summary>
    public LinuxOffsets(BtfTypes types)
    {
        _types = types;
        TaskComm = Need("task_struct.comm");
        TaskPid = Need("task_struct.pid");
        TaskTgid = Need("task_struct.tgid");
        TaskTasks = Need("task_struct.tasks");
        TaskParent = Need("task_struct.real_parent");
        TaskMm = Need("task_struct.mm");
        TaskCred = Need("task_struct.cred");
        TaskFlags = Need("task_struct.flags");
        TaskSignal = Need("task_struct.signal");
        TaskThreadNode = Need("task_struct.thread_node");
        TaskStartTime = types.OffsetOf("task_struct.start_time"u8);
        TaskStack = types.OffsetOf("task_struct.stack"u8);
        SignalThreads = Need("signal_struct.thread_head");
        CredUid = Need("cred.uid");
        CredEffectiveUid = Need("cred.euid");
        CredGid = Need("cred.gid");
        CredEffective = Need("cred.cap_effective");
        MmPgd = Need("mm_struct.pgd");
        MmExeFile = Need("mm_struct.exe_file");
        MmMapCount = Need("mm_struct.map_count");
        MmArgStart = Need("mm_struct.arg_start");
        MmArgEnd = Need("mm_struct.arg_end");
        TaskBytes = types.SizeOf("task_struct"u8);
    }

#pragma warning disable CS1591 // the names are those of the members
    public int TaskComm { get; }

    public int TaskPid { get; }

    public int TaskTgid { get; }

    public int TaskTasks { get; }

    public int TaskParent { get; }

    public int TaskMm { get; }

    public int TaskCred { get; }

    public int TaskFlags { get; }

    public int TaskSignal { get; }

    public int TaskThreadNode { get; }

    public int TaskStartTime { get; }

    public int TaskStack { get; }

    public int SignalThreads { get; }

    public int CredUid { get; }

    public int CredEffectiveUid { get; }

    public int CredGid { get; }

    public int CredEffective { get; }

    public int MmPgd { get; }

    public int MmExeFile { get; }

    public int MmMapCount { get; }

    public int MmArgStart { get; }

    public int MmArgEnd { get; }

    public ulong TaskBytes { get; }
#pragma warning restore CS1591

    /// <summary>Members that a kernel has to have and this one does not.</summary>
    public IReadOnlyList<string> Missing => _missing;

    private int Need(string path)
    {
        int offset = _types.OffsetOf(Encoding.ASCII.GetBytes(path));
        if (offset < 0)
            _missing.Add(path);
        return offset;
    }
}
