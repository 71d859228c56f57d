using System;
using System.Runtime.CompilerServices;
using System.Threading;

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

        fixed (byte* from = bytes)
        {
            byte* declared = FindDeclared(gpa, (uint)bytes.Length);
            if (declared != null)
                return Store(declared, from, bytes.Length);
            return _mapped is { } mapped ? WriteMapped(mapped, gpa, from, bytes.Length) : 0;
        }
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

        int outcome;
        fixed (byte* old = expected, next = desired)
        {
            byte* declared = FindDeclared(gpa, (uint)expected.Length);
            outcome = declared != null ? Exchange(declared, old, next, expected.Length)
                : _mapped is { } mapped ? ExchangeMapped(mapped, gpa, old, next, expected.Length)
                : Faulted;
        }

        return outcome switch { 1 => ExchangeOutcome.Done, 0 => ExchangeOutcome.Differs, _ => ExchangeOutcome.Absent };
    }

    private delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> GuardedStore =>
        _hypervisor is { } hypervisor ? hypervisor.Shim.GuardedStore : null;

    private delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int> GuardedExchange =>
        _hypervisor is { } hypervisor ? hypervisor.Shim.GuardedExchange : null;

    private int WriteMapped(MappedPages mapped, ulong gpa, byte* from, int size)
    {
        int written = 0;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (!mapped.TryOpen(gpa, anew: attempt != 0, out MappedPage page))
                return 0;
            written = Store(page.Host + (gpa & (PageSize - 1)), from, size);
            mapped.Close(in page, worked: written == size);
            if (written == size || !page.IsKept)
                break;
        }

        return written;
    }

    private int ExchangeMapped(MappedPages mapped, ulong gpa, byte* expected, byte* desired, int size)
    {
        int outcome = Faulted;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (!mapped.TryOpen(gpa, anew: attempt != 0, out MappedPage page))
                return Faulted;
            outcome = Exchange(page.Host + (gpa & (PageSize - 1)), expected, desired, size);
            mapped.Close(in page, worked: outcome != Faulted);
            if (outcome != Faulted || !page.IsKept)
                break;
        }

        return outcome;
    }

    private int Store(byte* to, byte* from, int size)
    {
        delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, nuint> store = GuardedStore;
        return store != null ? (int)store(to, from, (nuint)size) : StoreDirectly(to, from, size);
    }

    private int Exchange(byte* to, byte* expected, byte* desired, int size)
    {
        delegate* unmanaged[SuppressGCTransition]<void*, void*, void*, nuint, int> exchange = GuardedExchange;
        return exchange != null ? exchange(to, expected, desired, (nuint)size) : ExchangeDirectly(to, expected, desired, size);
    }

    /// <summary>The third outcome of an exchange by the shim.</summary>
    private const int Faulted = -1;

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
