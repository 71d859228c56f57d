using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Abi;

namespace Engine.Hosting;

/// <summary>
/// The engine's log, which goes to TracePrint of the process. Text is built on the stack, only when the level is on, and never
/// allocates.
/// </summary>
/// <remarks>Thread safety: all members may be called from any thread that called into the engine.</remarks>
internal sealed unsafe class HostLog
{
    private readonly void* _tracePrint;
    private readonly delegate* unmanaged<void*, byte*, void> _trace;
    private int _level = (int)IgLogLevel.Info;

    /// <summary>A log of the given TracePrint, which may be null: then nothing is logged.</summary>
    public HostLog(nint tracePrint, in NativeShim shim)
    {
        _tracePrint = (void*)tracePrint;
        _trace = shim.Trace;
    }

    /// <summary>The lowest level that is logged.</summary>
    public IgLogLevel Level
    {
        get => (IgLogLevel)Volatile.Read(ref _level);
        set => Volatile.Write(ref _level, (int)value);
    }

    /// <summary>Tells whether a line of this level would be logged.</summary>
    public bool IsEnabled(IgLogLevel level) =>
        _tracePrint != null && _trace != null && (int)level >= Volatile.Read(ref _level);

    /// <summary>Logs a line. The interpolated text is not even looked at when the level is off.</summary>
    public void Write(IgLogLevel level, [InterpolatedStringHandlerArgument("", "level")] ref LogLine line)
    {
        if (line.IsEnabled)
            _trace(_tracePrint, line.Terminate());
    }
}
