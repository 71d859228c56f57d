using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using Engine.Abi;
using Engine.Memory;
using Engine.Symbols;
using Engine.Symbols.Kallsyms;

namespace Engine.Guests.Linux;

/// <content>What holds one source against another (spec/33, 2.4, 3.4 and 4).</content>
internal sealed partial class LinuxDetection
{
    private const int GateSize = 16;
    private const int PageFault = 14;

    /// <summary>Gates that every kernel has, of exceptions.</summary>
    private static ReadOnlySpan<byte> Vectors => [0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, PageFault, 16];

    /// <summary>An address in the kernel's code that the processor itself holds.</summary>
    private static bool TryFindAnchor(GuestMemory memory, in CpuRegisters cpu, in PagingContext space, out ulong anchor, out string from)
    {
        from = "IA32_FRED_CONFIG";
        anchor = cpu.FredEntry;
        if (ImageScan.IsInWindow(anchor))
            return true;
        from = "LSTAR";
        anchor = cpu.Lstar;
        if (ImageScan.IsInWindow(anchor))
            return true;
        from = "IDT gate 14";
        return TryReadGate(memory, in cpu, in space, PageFault, out anchor) && ImageScan.IsInWindow(anchor);
    }

    private static bool TryReadGate(GuestMemory memory, in CpuRegisters cpu, in PagingContext space, byte vector, out ulong target)
    {
        target = 0;
        Span<byte> gate = stackalloc byte[GateSize];
        if ((vector * GateSize) + GateSize - 1 > cpu.IdtLimit ||
            LinearMemory.Read(memory, in space, cpu.IdtBase + (ulong)(vector * GateSize), gate, out _) != GateSize)
        {
            return false;
        }

        target = BinaryPrimitives.ReadUInt16LittleEndian(gate) | ((ulong)BinaryPrimitives.ReadUInt16LittleEndian(gate[6..]) << 16) |
            ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(gate[8..]) << 32);
        return true;
    }

    /// <summary>The processor's ways into the kernel lead to what the symbols name.</summary>
    private void AcceptEntries()
    {
        int inside = 0;
        int gates = 0;
        if (_cpu.FredEntry == 0)
        {
            foreach (byte vector in Vectors)
            {
                if (!TryReadGate(_memory, in _cpu, in _paging, vector, out ulong target))
                    continue;
                gates++;
                inside += _layout.Text.Contains(target) ? 1 : 0;
            }

            Note("gates", $"{inside} of {gates} in the kernel's code", FactSource.Registers,
                gates == 0 ? Confidence.Hint : inside == gates ? Confidence.Verified : Confidence.Contradicted);
        }

        if (_symbols is null)
            return;
        if (_cpu.FredEntry != 0)
            Accept("FRED entry", _cpu.FredEntry, "asm_fred_entrypoint_user"u8, default);
        else if (_cpu.Lstar != 0)
            Accept("system call entry", _cpu.Lstar, "entry_SYSCALL_64"u8, default);
        if (_cpu.FredEntry == 0 && TryReadGate(_memory, in _cpu, in _paging, PageFault, out ulong fault))
            Accept("page fault entry", fault, "asm_exc_page_fault"u8, "page_fault"u8);
    }

    private void Accept(string what, ulong address, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherName)
    {
        ulong expected = _symbols!.AddressOf(name);
        if (expected == 0 && !otherName.IsEmpty)
            expected = _symbols.AddressOf(otherName);
        Note(what, Name(address), FactSource.Registers, expected == 0 ? Confidence.Found
            : expected == address ? Confidence.Verified : Confidence.Contradicted);
    }

    private string Name(ulong address)
    {
        Span<byte> name = stackalloc byte[Limits.MaxSymbolName + 1];
        if (!_symbols!.TryFindAt(address, out KernelSymbol symbol, out _))
            return $"0x{address:x}";
        string text = System.Text.Encoding.ASCII.GetString(name[.._symbols.ReadName(symbol.Index, name)]);
        return address == symbol.Address ? text : $"{text}+0x{address - symbol.Address:x}";
    }

    private string FindBuildId(MemoryCopy rodata)
    {
        ulong start = _symbols?.AddressOf("__start_notes"u8) ?? 0;
        ulong stop = _symbols?.AddressOf("__stop_notes"u8) ?? 0;
        string? id = start != 0 && stop > start && stop - start <= Limits.MaxNotesBytes &&
            rodata.TryFind(start, (int)(stop - start), out int offset)
            ? LinuxNotes.FindBuildId(rodata.Bytes.Slice(offset, (int)(stop - start))) : null;
        if (id is null)
            _missing.Add(new("build id", "no note of it is in the read-only data"));
        else
            Note("build id", id, FactSource.Content, Confidence.Found);
        return id ?? "";
    }

    /// <summary>Goes over to the kernel's own tables, which no process's end takes away.</summary>
    private void UseOwnTables()
    {
        ulong tables = _symbols?.AddressOf("init_top_pgt"u8) ?? 0;
        if (tables == 0 || !PageWalk.Translate(_memory, in _paging, tables, out ulong physical).IsSuccess())
        {
            _missing.Add(new("address space", "the kernel's own tables are not known: that of a process is used"));
            return;
        }

        PagingContext own = _paging.WithCr3(physical);
        bool isSame = PageWalk.Translate(_memory, in own, _layout.Base, out ulong here).IsSuccess() &&
            PageWalk.Translate(_memory, in _paging, _layout.Base, out ulong there).IsSuccess() && here == there;
        Note("page tables", $"0x{physical:x}", FactSource.Symbols, isSame ? Confidence.Verified : Confidence.Contradicted);
        if (isSame)
            _paging = own;
    }

    /// <summary>What the kernel keeps for crash dumps is a hint: it agrees, or something is wrong.</summary>
    private void CheckCrashNote()
    {
        LinearReader reader = new(_memory, _paging);
        ulong place = _symbols?.AddressOf("vmcoreinfo_data"u8) ?? 0;
        Span<byte> bytes = stackalloc byte[Limits.MaxCrashText];
        if (place == 0 || !reader.TryRead(place, out ulong text) || reader.ReadText(text, bytes) is not (> 0 and int length))
            return;
        Dictionary<string, string> lines = LinuxNotes.ReadCrashText(bytes[..length]);
        if (lines.Count == 0)
            return;

        bool agrees = lines.TryGetValue("OSRELEASE", out string? release) && string.Equals(release, _banner!.Release, StringComparison.Ordinal);
        if (LinuxNotes.TryReadNumber(lines, "SYMBOL(_stext)", out ulong start))
            agrees &= start == _layout.Base;
        if (LinuxNotes.TryReadNumber(lines, "NUMBER(pgtable_l5_enabled)", out ulong five))
            agrees &= five != 0 == (_paging.Mode == PagingMode.Level5);
        if (LinuxNotes.TryReadNumber(lines, "KERNELOFFSET", out ulong offset))
            Note("KASLR offset", $"0x{offset:x}", FactSource.CrashNote, agrees ? Confidence.Verified : Confidence.Hint);
        Note("crash note", release ?? "", FactSource.CrashNote, agrees ? Confidence.Verified : Confidence.Contradicted);
    }

    /// <summary>Holds the types against the first task; types that do not fit are given up.</summary>
    private LinuxOffsets? CheckTypes()
    {
        if (_types is null)
        {
            _missing.Add(new("tasks, modules, memory maps", "they need types"));
            return null;
        }

        LinuxOffsets offsets = new(_types);
        ulong initTask = _symbols?.AddressOf("init_task"u8) ?? 0;
        string fault = offsets.Missing.Count != 0 ? "no " + string.Join(", ", offsets.Missing)
            : initTask == 0 ? "no symbol init_task"
            : new LinuxTaskCheck(new LinearReader(_memory, _paging), offsets).FindFault(initTask) is { Length: > 0 } member
                ? $"{member} of the first task is not what it has to be" : "";
        if (fault.Length == 0)
        {
            Note("init_task", $"0x{initTask:x}", FactSource.LiveObject, Confidence.Verified);
            return offsets;
        }

        // Types stay for whoever asks; nothing is built on them.
        Note("init_task", fault, FactSource.LiveObject, initTask == 0 ? Confidence.Hint : Confidence.Contradicted);
        _missing.Add(new("tasks, modules, memory maps", fault));
        return null;
    }

    private void CheckCpus(LinuxOffsets? offsets)
    {
        if (_symbols is null)
        {
            _missing.Add(new("current tasks", "they need symbols"));
            return;
        }

        LinearReader reader = new(_memory, _paging);
        LinuxCpus cpus = new(reader, _symbols, _types);
        CpuRegisters[] now = _cpus.ReadCpus();
        for (int i = 0; i < now.Length; i++)
        {
            ulong gs = now[i].KernelGs;
            if (!cpus.TryGetOffset(i, out ulong offset) || offset == 0)
                continue;
            Note($"area of processor {i}", $"0x{offset:x}", FactSource.Symbols,
                gs == 0 ? Confidence.Found : gs == offset && cpus.IsOffset(gs) ? Confidence.Verified : Confidence.Contradicted);
            if (!cpus.TryGetCurrent(offset, out ulong task) || offsets is null)
                continue;
            bool isTask = new LinuxTaskCheck(reader, offsets).IsTask(task);
            Note($"task of processor {i}", $"0x{task:x}", FactSource.LiveObject, isTask ? Confidence.Verified : Confidence.Contradicted);
        }

        if (cpus.CurrentTaskSymbol.Length == 0)
            _missing.Add(new("current tasks", "no symbol tells where they are"));
    }
}
