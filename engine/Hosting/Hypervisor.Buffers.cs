using System;
using Engine.Abi;

namespace Engine.Hosting;

/// <content>Answers of a size that is not fixed.</content>
internal sealed unsafe partial class Hypervisor
{
    /// <summary>Asks for a value about a vCPU, into a buffer.</summary>
    public IntStatus QueryBytes(QueryInfoClass infoClass, uint vcpu, Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
            return _glue.QueryGuestInfo(_handle, (uint)infoClass, (void*)(nuint)vcpu, pointer, (uint)buffer.Length);
    }
}
