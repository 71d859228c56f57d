using System;
using System.Collections.Generic;
using System.Text;
using Engine.Abi;
using Engine.Memory;
using Engine.Symbols;

namespace Engine.Guests.Linux;

/// <summary>
/// What a Linux guest is doing: tasks, modules, memory of processes; read anew at each question. Lists that are not whole, since the guest
/// changes them just now, are read again, a few times.
/// </summary>
/// <remarks>Thread safety: one thread, which holds a claim. Allocates.</remarks>
internal sealed class LinuxModel
{
    private readonly LinuxKernel _kernel;
    private readonly LinearReader _reader;
    private readonly LinuxOffsets _offsets;
    private readonly LinuxTasks _tasks;
    private readonly LinuxModules _modules;
    private readonly LinuxAreas _areas;
    private readonly LinuxPaths _paths;
    private readonly ulong _initTask;
    private readonly ulong _moduleList;

    private LinuxModel(LinuxKernel kernel, LinuxOffsets offsets, GuestMemory memory)
    {
        _kernel = kernel;
        _offsets = offsets;
        _reader = kernel.Reader(memory);
        _tasks = new LinuxTasks(_reader, offsets);
        _modules = new LinuxModules(_reader, kernel.Types!);
        _areas = new LinuxAreas(_reader, kernel.Types!);
        _paths = new LinuxPaths(_reader, kernel.Types!);
        _initTask = kernel.Symbols!.AddressOf("init_task"u8);
        _moduleList = kernel.Symbols.AddressOf("modules"u8);
    }

    /// <summary>A model of a kernel; null: its symbols or types are not known, or do not fit.</summary>
    public static LinuxModel? Of(LinuxKernel? kernel, GuestMemory memory) =>
        kernel is { Offsets: { } offsets, Symbols: not null, Types: not null } ? new LinuxModel(kernel, offsets, memory) : null;

    /// <summary>All tasks. False: the lists were not whole.</summary>
    public bool TryReadTasks(List<LinuxTask> tasks) => Retry(tasks, list => _tasks.TryReadAll(_initTask, list));

    /// <summary>All modules. False: the list was not whole, or is not known.</summary>
    public bool TryReadModules(List<LinuxModule> modules) =>
        _moduleList != 0 && _modules.IsPossible && Retry(modules, list => _modules.TryReadAll(_moduleList, list));

    /// <summary>All ranges of a process's memory. False: they were not whole.</summary>
    public bool TryReadAreas(LinuxTask task, List<LinuxArea> areas) => Retry(areas, list => _areas.TryReadAll(task.Mm, list));

    /// <summary>The task of a number.</summary>
    public bool TryFindTask(int pid, out LinuxTask? task) => _tasks.TryFind(_initTask, pid, out task);

    /// <summary>The path of an open file; empty: none.</summary>
    public string PathOf(ulong file) => _paths.Of(file);

    /// <summary>The path of a process's program; empty: none, as of a kernel thread.</summary>
    public string ProgramOf(LinuxTask task) =>
        task.Mm != 0 && _reader.TryRead(task.Mm + (ulong)_offsets.MmExeFile, out ulong file) ? _paths.Of(file) : "";

    /// <summary>The command line of a process, words with spaces between; empty: none, or not in memory.</summary>
    public string CommandLineOf(LinuxTask task)
    {
        if (task.Mm == 0 || !_reader.TryRead(task.Mm + (ulong)_offsets.MmPgd, out ulong tables) ||
            !_reader.TryRead(task.Mm + (ulong)_offsets.MmArgStart, out ulong start) ||
            !_reader.TryRead(task.Mm + (ulong)_offsets.MmArgEnd, out ulong end) || end <= start ||
            !PageWalk.Translate(_reader.Memory, _kernel.Paging, tables, out ulong cr3).IsSuccess())
        {
            return "";
        }

        byte[] bytes = new byte[Math.Min(end - start, Limits.MaxCommandLine)];
        int read = _reader.WithCr3(cr3).Read(start, bytes);
        return Encoding.Latin1.GetString(bytes, 0, read).TrimEnd('\0').Replace('\0', ' ');
    }

    private static bool Retry<T>(List<T> list, Func<List<T>, bool> read)
    {
        for (int attempt = 0; attempt < Limits.MaxWalkAttempts; attempt++)
        {
            list.Clear();
            if (read(list))
                return true;
        }

        return false;
    }
}
