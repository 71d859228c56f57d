using System;
using Engine.Abi;

namespace Engine.Memory;

/// <summary>Reads guest memory by linear address, page by page.</summary>
internal static class LinearMemory
{
    private const ulong PageSize = 4096;

    /// <summary>
    /// Reads bytes at a linear address; returns how many of them, from the first on, were mapped and there. The status of the
    /// walk that ended a short read is in <paramref name="status"/>.
    /// </summary>
    public static int Read(
        GuestMemory memory, in PagingContext paging, ulong linear, Span<byte> buffer, out IntStatus status)
    {
        status = IntStatus.Success;
        int done = 0;
        while (done < buffer.Length)
        {
            status = PageWalk.Translate(memory, in paging, linear, out ulong physical);
            if (!status.IsSuccess())
                return done;

            int wanted = (int)Math.Min((ulong)(buffer.Length - done), PageSize - (physical & (PageSize - 1)));
            int got = memory.Read(physical, buffer.Slice(done, wanted));
            done += got;
            if (got < wanted)
            {
                status = IntStatus.AccessViolation;
                return done;
            }

            linear += (ulong)wanted;
        }

        return done;
    }
}
