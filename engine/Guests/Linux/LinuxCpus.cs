using System;
using Engine.Symbols;
using Engine.Symbols.Btf;
using Engine.Symbols.Kallsyms;

namespace Engine.Guests.Linux;

/// <summary>
/// What each processor has of its own, and the task that runs on it (spec/33, section 4). A symbol plus the processor's offset is the
/// address in both worlds: up to 6.14 symbols are offsets from 0, since 6.15 addresses in the image.
/// </summary>
internal sealed class LinuxCpus
{
    private readonly IMemoryReader _reader;
    private readonly ulong _offsets;
    private readonly ulong _currentTask;

    /// <param name="reader">The kernel's memory.</param>
    /// <param name="symbols">Its symbols.</param>
    /// <param name="types">Its types; null: not known.</param>
    public LinuxCpus(IMemoryReader reader, KallsymsTable symbols, BtfTypes? types)
    {
        _reader = reader;
        _offsets = symbols.AddressOf("__per_cpu_offset"u8);
        ThisCpuOffset = Find(symbols, "this_cpu_off"u8);
        CurrentTaskSymbol = "";
        if (symbols.TryFind("pcpu_hot"u8, out KernelSymbol hot))
        {
            int offset = types?.OffsetOf("pcpu_hot.current_task"u8) ?? 0;
            _currentTask = hot.Address + (ulong)Math.Max(offset, 0);
            CurrentTaskSymbol = "pcpu_hot";
        }
        else if (symbols.TryFind("current_task"u8, out KernelSymbol current) || symbols.TryFind("const_current_task"u8, out current))
        {
            _currentTask = current.Address;
            CurrentTaskSymbol = "current_task";
        }
    }

    /// <summary>The symbol by which the current task is found; empty: there is none.</summary>
    public string CurrentTaskSymbol { get; }

    /// <summary>The symbol's place of each processor's own offset; all ones: there is none.</summary>
    public ulong ThisCpuOffset { get; }

    /// <summary>The offset of a processor's area, which is also its base of GS.</summary>
    public bool TryGetOffset(int cpu, out ulong offset)
    {
        offset = 0;
        return _offsets != 0 && (uint)cpu < Limits.MaxVcpus && _reader.TryRead(_offsets + ((ulong)cpu * 8), out offset);
    }

    /// <summary>The task of a processor whose base of GS is known.</summary>
    public bool TryGetCurrent(ulong gs, out ulong task)
    {
        task = 0;
        return CurrentTaskSymbol.Length != 0 && gs != 0 && _reader.TryRead(gs + _currentTask, out task);
    }

    /// <summary>Whether a processor's area says itself that it begins there.</summary>
    public bool IsOffset(ulong gs) =>
        ThisCpuOffset != ulong.MaxValue && _reader.TryRead(gs + ThisCpuOffset, out ulong own) && own == gs;

    private static ulong Find(KallsymsTable symbols, ReadOnlySpan<byte> name) =>
        symbols.TryFind(name, out KernelSymbol symbol) ? symbol.Address : ulong.MaxValue;
}
