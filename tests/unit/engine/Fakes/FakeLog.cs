using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Abi;
using Engine.Hosting;

namespace Tests.Unit.Fakes;

/// <summary>Takes the place of TracePrint: keeps the lines, or only counts them where a test looks for allocations.</summary>
internal sealed unsafe class FakeLog
{
    private static readonly ConcurrentDictionary<nint, FakeLog> s_logs = new();
    private static int s_last;

    private readonly List<string> _lines = [];
    private readonly Lock _lock = new();
    private int _count;
    private int _longest;

    public FakeLog(bool keep = true)
    {
        Keep = keep;
        Address = Interlocked.Increment(ref s_last);
        s_logs[Address] = this;
    }

    /// <summary>What the engine takes for the address of TracePrint.</summary>
    public nint Address { get; }

    public bool Keep { get; set; }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the longest line, its NUL not counted.</summary>
    public int Longest => Volatile.Read(ref _longest);

    public string[] Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    /// <summary>A HostLog that writes here.</summary>
    public HostLog Open(IgLogLevel level = IgLogLevel.Debug) => new(Address, FakeShim.WithoutCopy) { Level = level };

    /// <summary>Lets the process forget it.</summary>
    public void Forget() => s_logs.TryRemove(Address, out _);

    /// <summary>Stand-in of the shim's Trace.</summary>
    [UnmanagedCallersOnly]
    internal static void Trace(void* tracePrint, byte* text)
    {
        if (!s_logs.TryGetValue((nint)tracePrint, out FakeLog? log))
            return;

        Interlocked.Increment(ref log._count);
        int length = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Length;
        if (length > Volatile.Read(ref log._longest))
            Volatile.Write(ref log._longest, length);
        if (!log.Keep)
            return;

        string line = Marshal.PtrToStringUTF8((nint)text)!;
        lock (log._lock)
            log._lines.Add(line);
    }
}
