namespace Engine.Guests.Linux;

/// <summary>A range of a process's memory at one moment.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The one behind its last.</param>
/// <param name="Flags">VM_ flags: 1 read, 2 write, 4 execute, 0x80 shared.</param>
/// <param name="Offset">Bytes from the file's begin; of memory without a file, nothing of use.</param>
/// <param name="File">Its struct file; 0: none.</param>
internal readonly record struct LinuxArea(ulong Start, ulong End, ulong Flags, ulong Offset, ulong File)
{
    /// <summary>The rights as /proc has them.</summary>
    public string Rights =>
        $"{((Flags & 1) != 0 ? 'r' : '-')}{((Flags & 2) != 0 ? 'w' : '-')}{((Flags & 4) != 0 ? 'x' : '-')}{((Flags & 0x80) != 0 ? 's' : 'p')}";
}
