using System;
using System.Collections.Generic;
using System.Text;
using Engine.Symbols;
using Engine.Symbols.Btf;

namespace Engine.Guests.Linux;

/// <summary>Walks the kernel's list of modules (spec/33, 5.3), with their memory as this kernel keeps it: parts of kinds since 6.4, two
/// layouts before.</summary>
internal sealed class LinuxModules
{
    private const int ListPrevious = 8;
    private const int NameBytes = 56;
    private const int MaxParts = 16;

    private readonly IMemoryReader _reader;
    private readonly int _list;
    private readonly int _name;
    private readonly int _state;
    private readonly List<(int Base, int Size)> _parts = [];

    /// <param name="reader">The kernel's memory.</param>
    /// <param name="types">The kernel's types.</param>
    public LinuxModules(IMemoryReader reader, BtfTypes types)
    {
        _reader = reader;
        _list = types.OffsetOf("module.list"u8);
        _name = types.OffsetOf("module.name"u8);
        _state = types.OffsetOf("module.state"u8);
        int size = types.OffsetOf("module_memory.size"u8);
        if (types.TryFindField("module.mem"u8, out BtfField parts) && size >= 0 && types.SizeOf("module_memory"u8) is > 0 and ulong bytes)
        {
            int first = types.OffsetOf("module_memory.base"u8);
            for (int i = 0; i < (int)Math.Min(parts.Size / bytes, MaxParts); i++)
                _parts.Add((parts.Offset + (i * (int)bytes) + first, parts.Offset + (i * (int)bytes) + size));
        }
        else
        {
            foreach (string layout in (string[])["core_layout", "init_layout"])
            {
                int start = types.OffsetOf(Encoding.ASCII.GetBytes($"module.{layout}.base"));
                int length = types.OffsetOf(Encoding.ASCII.GetBytes($"module.{layout}.size"));
                if (start >= 0 && length >= 0)
                    _parts.Add((start, length));
            }
        }
    }

    /// <summary>Whether everything is known that the walk needs.</summary>
    public bool IsPossible => _list >= 0 && _name >= 0 && _state >= 0 && _parts.Count != 0;

    /// <summary>All modules, the one that was loaded last first. False: the list was not whole, and some may be missing.</summary>
    /// <param name="head">The symbol "modules".</param>
    /// <param name="modules">Gets them.</param>
    public bool TryReadAll(ulong head, List<LinuxModule> modules)
    {
        ulong at = head;
        while (modules.Count < Limits.MaxModules)
        {
            if (!_reader.TryRead(at, out ulong next) || !_reader.TryRead(next + ListPrevious, out ulong back) || back != at)
                return false;
            if (next == head)
                return true;
            at = next;
            modules.Add(Read(at - (ulong)_list));
        }

        return false;
    }

    private LinuxModule Read(ulong module)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        int length = Math.Max(_reader.ReadText(module + (ulong)_name, name), 0);
        _reader.TryRead(module + (ulong)_state, out uint state);
        List<AddressRange> ranges = [];
        foreach ((int start, int size) in _parts)
        {
            if (_reader.TryRead(module + (ulong)start, out ulong address) && _reader.TryRead(module + (ulong)size, out uint bytes) &&
                address != 0 && bytes != 0)
            {
                ranges.Add(new AddressRange(address, address + bytes));
            }
        }

        return new LinuxModule(module, Encoding.Latin1.GetString(name[..length]), state, ranges);
    }
}
