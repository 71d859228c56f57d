using System;
using Engine.Abi;
using Engine.Alerts;
using Engine.Vcpus;

namespace Engine.Sessions;

/// <content>The debugger.</content>
internal sealed unsafe partial class ActiveGuest
{
    private readonly DebugCommands _debug;

    /// <summary>Writes code and registers into the log.</summary>
    public CodeDump CodeDump { get; }

    /// <summary>Runs a debugger's command about a vCPU. <see cref="IntStatus.InvalidParameter2"/>: no such vCPU;
    /// <see cref="IntStatus.Busy"/>: it is in an exit; the command's own status else. By one thread at a time.</summary>
    public IntStatus Debug(uint vcpu, ReadOnlySpan<byte> command, ReadOnlySpan<byte> argument)
    {
        IntStatus status = Hold(vcpu, out VcpuBlock* block);
        if (!status.IsSuccess())
            return status;

        try
        {
            return _debug.Run(&block->Record, command, argument);
        }
        finally
        {
            LetGo(block);
        }
    }
}
