using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace Build.Guest;

/// <summary>
/// Writes an initramfs: a cpio archive in the "newc" format, everything owned by root. Not compressed: unpacking costs an
/// emulated CPU more than reading does.
/// </summary>
public sealed class CpioArchive : IDisposable
{
    private const int Alignment = 4;
    private const int FolderMode = 0x41ed;      // 040755
    private const int ExecutableMode = 0x81ed;  // 0100755
    private const int FileMode = 0x81a4;        // 0100644

    private readonly MemoryStream _stream = new();
    private int _inode;

    public void AddFolder(string name) => Add(name, FolderMode, []);

    public void AddFile(string name, ReadOnlySpan<byte> content, bool executable) =>
        Add(name, executable ? ExecutableMode : FileMode, content);

    /// <summary>The archive with its end mark.</summary>
    public byte[] Finish()
    {
        Add("TRAILER!!!", 0, []);
        return _stream.ToArray();
    }

    public void Dispose() => _stream.Dispose();

    private void Add(string name, int mode, ReadOnlySpan<byte> content)
    {
        // magic, ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
        int[] fields = [++_inode, mode, 0, 0, 1, 0, content.Length, 0, 0, 0, 0, name.Length + 1, 0];
        StringBuilder header = new("070701");
        foreach (int field in fields)
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        _stream.Write(Encoding.ASCII.GetBytes(header.Append(name).Append('\0').ToString()));
        Pad();
        _stream.Write(content);
        Pad();
    }

    private void Pad()
    {
        while (_stream.Length % Alignment != 0)
            _stream.WriteByte(0);
    }
}
