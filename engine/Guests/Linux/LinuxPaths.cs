using System;
using Engine.Symbols;
using Engine.Symbols.Btf;

namespace Engine.Guests.Linux;

/// <summary>Paths of files by their directory entries, across mounts (spec/33, 5.5).</summary>
internal sealed class LinuxPaths
{
    private readonly IMemoryReader _reader;
    private readonly int _fileMount;
    private readonly int _fileEntry;
    private readonly int _parent;
    private readonly int _name;
    private readonly int _nameLength;
    private readonly int _mount;
    private readonly int _mountRoot;
    private readonly int _mountParent;
    private readonly int _mountPoint;

    /// <param name="reader">The kernel's memory.</param>
    /// <param name="types">The kernel's types.</param>
    public LinuxPaths(IMemoryReader reader, BtfTypes types)
    {
        _reader = reader;
        _fileMount = types.OffsetOf("file.f_path.mnt"u8);
        _fileEntry = types.OffsetOf("file.f_path.dentry"u8);
        _parent = types.OffsetOf("dentry.d_parent"u8);
        _name = types.OffsetOf("dentry.d_name.name"u8);
        _nameLength = types.OffsetOf("dentry.d_name.len"u8);
        _mount = types.OffsetOf("mount.mnt"u8);
        _mountRoot = types.OffsetOf("vfsmount.mnt_root"u8);
        _mountParent = types.OffsetOf("mount.mnt_parent"u8);
        _mountPoint = types.OffsetOf("mount.mnt_mountpoint"u8);
    }

    /// <summary>Offsets that are not known are negative.</summary>
    private bool IsPossible =>
        (_fileMount | _fileEntry | _parent | _name | _nameLength | _mount | _mountRoot | _mountParent | _mountPoint) >= 0;

    /// <summary>The path of an open file; empty: it cannot be told. It is that in the mounts of the file, whatever its process calls its
    /// root.</summary>
    public string Of(ulong file)
    {
        if (file == 0 || !IsPossible || !_reader.TryRead(file + (ulong)_fileMount, out ulong mount) ||
            !_reader.TryRead(file + (ulong)_fileEntry, out ulong entry))
        {
            return "";
        }

        Span<byte> path = stackalloc byte[Limits.MaxPath];
        int start = path.Length;
        for (int steps = 0; steps < Limits.MaxPathSteps; steps++)
        {
            if (!_reader.TryRead(mount + (ulong)_mountRoot, out ulong root) || !_reader.TryRead(entry + (ulong)_parent, out ulong parent))
                return "";
            if (entry == root || entry == parent)
            {
                ulong outer = mount - (ulong)_mount;
                if (!_reader.TryRead(outer + (ulong)_mountParent, out ulong above))
                    return "";
                if (above == outer || entry != root)
                    return System.Text.Encoding.Latin1.GetString(start == path.Length ? "/"u8 : path[start..]);
                if (!_reader.TryRead(outer + (ulong)_mountPoint, out entry))
                    return "";
                mount = above + (ulong)_mount;
                continue;
            }

            if (!TryPrepend(entry, path, ref start))
                return "";
            entry = parent;
        }

        return "";
    }

    private bool TryPrepend(ulong entry, Span<byte> path, ref int start)
    {
        if (!_reader.TryRead(entry + (ulong)_name, out ulong name) || !_reader.TryRead(entry + (ulong)_nameLength, out uint length) ||
            length >= (uint)start)
        {
            return false;
        }

        start -= (int)length + 1;
        path[start] = (byte)'/';
        return _reader.Read(name, path.Slice(start + 1, (int)length)) == (int)length;
    }
}
