using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Engine.Hosting;

namespace Engine.Memory;

/// <content>Writes: only what a guest's own instruction would have written.</content>
internal sealed unsafe partial class GuestMemory
{
    /// <summary>
    /// Writes bytes that lie in one page; 1, 2, 4 and 8 bytes with one store. Returns how many, from the first on, were written.
    /// </summary>
    /// <remarks>Through the shim, which survives memory that is not there or that this process may only read. Without a shim, what
    /// is declared is written directly.</remarks>
    public int Write(ulong gpa, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || (ulong)bytes.Length > PageSize - (gpa & (PageSize - 1)))
            return 0;

        byte* host = Open(gpa, (uint)bytes.Length, out Hypervisor? mappedBy);
        if (host == null)
            return 0;

        int written;
        fixed (byte* from = bytes)
        {
            delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> store = GuardedStore;
            written = store != null ? (int)store(host, from, (nuint)bytes.Length) : StoreDirectly(host, from, bytes.Length);
        }

        mappedBy?.Unmap(host - (gpa & (PageSize - 1)));
        return written;
    }

    /// <summary>Replaces 1, 2, 4, 8 or 16 bytes that lie in one cache line, if they are the expected ones, in one atomic step.
    /// </summary>
    public ExchangeOutcome Exchange(ulong gpa, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> desired)
    {
        const ulong LineMask = 63;
        if (expected.Length != desired.Length || expected.Length is not (1 or 2 or 4 or 8 or 16) ||
            (gpa & LineMask) + (ulong)expected.Length > LineMask + 1 || (expected.Length == 16 && (gpa & 15) != 0))
        {
            return ExchangeOutcome.Absent;
        }

        byte* host = Open(gpa, (uint)expected.Length, out Hypervisor? mappedBy);
        if (host == null)
            return ExchangeOutcome.Absent;

        int outcome;
        fixed (byte* old = expected, next = desired)
        {
            delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int> exchange = GuardedExchange;
            outcome = exchange != null
                ? exchange(host, old, next, (nuint)expected.Length)
                : ExchangeDirectly(host, old, next, expected.Length);
        }

        mappedBy?.Unmap(host - (gpa & (PageSize - 1)));
        return outcome switch { 1 => ExchangeOutcome.Done, 0 => ExchangeOutcome.Differs, _ => ExchangeOutcome.Absent };
    }

    private delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> GuardedStore =>
        Hypervisor is { } hypervisor ? hypervisor.Shim.GuardedStore : null;

    private delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int> GuardedExchange =>
        Hypervisor is { } hypervisor ? hypervisor.Shim.GuardedExchange : null;

    /// <summary>Where bytes of one page are in this process. <paramref name="mappedBy"/>: who has to unmap that page; mapped pages are
    /// only given out if the shim can write to them.</summary>
    private byte* Open(ulong gpa, uint size, out Hypervisor? mappedBy)
    {
        mappedBy = null;
        byte* declared = FindDeclared(gpa, size);
        if (declared != null)
            return declared;

        Hypervisor? hypervisor = Hypervisor;
        if (hypervisor is null || hypervisor.Shim.GuardedStore == null || hypervisor.Shim.GuardedExchange == null)
            return null;
        if (!Abi.IntStatusExtensions.IsSuccess(hypervisor.Map(gpa & ~(PageSize - 1), (uint)PageSize, out byte* host)))
            return null;
        mappedBy = hypervisor;
        return host + (gpa & (PageSize - 1));
    }

    private static int StoreDirectly(byte* to, byte* from, int size)
    {
        switch (size)
        {
            case 2:
                Unsafe.WriteUnaligned(to, Unsafe.ReadUnaligned<ushort>(from));
                break;
            case 4:
                Unsafe.WriteUnaligned(to, Unsafe.ReadUnaligned<uint>(from));
                break;
            case 8:
                Unsafe.WriteUnaligned(to, Unsafe.ReadUnaligned<ulong>(from));
                break;
            default:
                new ReadOnlySpan<byte>(from, size).CopyTo(new Span<byte>(to, size));
                break;
        }

        return size;
    }

    private static int ExchangeDirectly(byte* to, byte* expected, byte* desired, int size)
    {
        switch (size)
        {
            case 1:
                return Interlocked.CompareExchange(ref *to, *desired, *expected) == *expected ? 1 : 0;
            case 2:
                ushort two = Unsafe.ReadUnaligned<ushort>(expected);
                return Interlocked.CompareExchange(ref *(ushort*)to, Unsafe.ReadUnaligned<ushort>(desired), two) == two ? 1 : 0;
            case 4:
                uint four = Unsafe.ReadUnaligned<uint>(expected);
                return Interlocked.CompareExchange(ref *(uint*)to, Unsafe.ReadUnaligned<uint>(desired), four) == four ? 1 : 0;
            case 8:
                ulong eight = Unsafe.ReadUnaligned<ulong>(expected);
                return Interlocked.CompareExchange(ref *(ulong*)to, Unsafe.ReadUnaligned<ulong>(desired), eight) == eight ? 1 : 0;
            default:
                // 16 bytes at once take the shim.
                return -1;
        }
    }
}
