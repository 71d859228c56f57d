using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Engine.Concurrency;
using Engine.Hosting;

namespace Engine.Memory;

/// <summary>
/// Guest-physical memory. Reads return the number of bytes that were there and never throw; each byte is read once, since the
/// guest may change it meanwhile.
/// </summary>
/// <remarks>
/// <para>Strategy: declared regions are read directly (the glue guarantees them until they are removed); everything else is
/// mapped through the glue, page by page (<see cref="MappedPages"/>), and copied by the guarded copy of the shim, so that a mapping
/// that vanishes ends in a short read and not in the end of the process.</para>
/// <para>Thread safety: any thread that holds a claim of the guest, without a lock; the regions are an immutable array that is
/// replaced as a whole. Changes are serialised by <see cref="_writer"/>.</para>
/// </remarks>
internal sealed unsafe partial class GuestMemory
{
    private const ulong PageSize = 4096;

    private readonly Lock _writer = new();
    private GuestMemoryRegion[] _regions = [];
    private Hypervisor? _hypervisor;
    private MappedPages? _mapped;
    private TranslationCache[] _translations = [];
    private ulong _generation = 1;

    /// <summary>Counts what may make an address in this process bad that was found before: declared memory that is taken back. Never 0.
    /// </summary>
    public ulong Generation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _generation);
    }

    /// <summary>What the glue has mapped; null while the guest is only declared, or where the glue, or the shim, cannot.</summary>
    public MappedPages? Mapped => _mapped;

    /// <summary>Bits of an entry's address that must be 0: those above the physical-address width (MAXPHYADDR) of the guest's
    /// processors. 0 while the width is not known.</summary>
    public ulong ReservedAddressBits { get; private set; }

    /// <summary>Sets the physical-address width of the guest's processors, in bits, 0: not known; before the guest is active.</summary>
    public void SetPhysicalAddressBits(int bits)
    {
        ReservedAddressBits = bits is >= 32 and < 52 ? PageEntry.AddressMask & (ulong.MaxValue << bits) : 0;
        Interlocked.Increment(ref _generation);
    }

    /// <summary>Whether anything is declared.</summary>
    public bool HasRegions => Volatile.Read(ref _regions).Length != 0;

    /// <summary>Begins to map what is not declared, for a guest that becomes active. Before its first exit.</summary>
    /// <param name="hypervisor">Who maps.</param>
    /// <param name="claims">Claims of the guest, one of which every reader holds from now on.</param>
    /// <param name="vcpus">Number of vCPUs, for each of which translations are remembered.</param>
    public void Open(Hypervisor hypervisor, ClaimTable claims, int vcpus = 0)
    {
        Close();
        _translations = new TranslationCache[vcpus];
        for (int i = 0; i < vcpus; i++)
            _translations[i] = new TranslationCache();
        _hypervisor = hypervisor;
        if (MappedPages.CanTouch(hypervisor.Shim) && (hypervisor.Capabilities & GlueCapabilities.MapMemory) != GlueCapabilities.None)
            _mapped = new MappedPages(hypervisor, claims);
    }

    /// <summary>Gives every mapping back and maps no more. Only when nobody is left inside the guest.</summary>
    public void Close()
    {
        _hypervisor = null;
        _mapped?.End();
        _mapped = null;
        foreach (TranslationCache translations in _translations)
            translations.Dispose();
        _translations = [];
    }

    /// <summary>The translations of a vCPU, for the thread that holds its claim; null: nothing is remembered for that number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TranslationCache? TranslationsOf(uint vcpu)
    {
        TranslationCache[] translations = _translations;
        return vcpu < (uint)translations.Length ? translations[vcpu] : null;
    }

    /// <summary>Adds a region. False: it overlaps one, or there are too many (<paramref name="full"/>).</summary>
    public bool TryAdd(ulong gpa, ulong size, byte* host, out bool full)
    {
        lock (_writer)
        {
            GuestMemoryRegion[] old = _regions;
            full = old.Length >= Limits.MaxMemoryRegions;
            if (full)
                return false;

            foreach (ref readonly GuestMemoryRegion region in old.AsSpan())
            {
                if (region.Overlaps(gpa, size))
                    return false;
            }

            GuestMemoryRegion[] grown = new GuestMemoryRegion[old.Length + 1];
            old.CopyTo(grown, 0);
            grown[^1] = new GuestMemoryRegion(gpa, size, host);
            Volatile.Write(ref _regions, grown);
            return true;
        }
    }

    /// <summary>Takes a region out of what new reads see. False: there is none with exactly these bounds.</summary>
    public bool TryRemove(ulong gpa, ulong size)
    {
        lock (_writer)
        {
            GuestMemoryRegion[] old = _regions;
            int index = Array.FindIndex(old, region => region.Gpa == gpa && region.Size == size);
            if (index < 0)
                return false;

            GuestMemoryRegion[] shrunk = new GuestMemoryRegion[old.Length - 1];
            old.AsSpan(0, index).CopyTo(shrunk);
            old.AsSpan(index + 1).CopyTo(shrunk.AsSpan(index));
            Volatile.Write(ref _regions, shrunk);
            Interlocked.Increment(ref _generation);
            return true;
        }
    }

    /// <summary>Forgets all regions.</summary>
    public void Clear()
    {
        lock (_writer)
        {
            Volatile.Write(ref _regions, []);
            Interlocked.Increment(ref _generation);
        }
    }

    /// <summary>Reads bytes; returns how many of them, from the first on, were there.</summary>
    public int Read(ulong gpa, Span<byte> buffer)
    {
        int done = 0;
        while (done < buffer.Length)
        {
            int wanted = (int)Math.Min((ulong)(buffer.Length - done), PageSize - (gpa & (PageSize - 1)));
            int got = ReadInPage(gpa, buffer.Slice(done, wanted));
            done += got;
            gpa += (ulong)got;
            if (got < wanted || gpa == 0)
                break;
        }

        return done;
    }

    /// <summary>Reads a value that does not cross a page. False: it is not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead<T>(ulong gpa, out T value)
        where T : unmanaged
    {
        byte* host = FindDeclared(gpa, (uint)sizeof(T));
        if (host != null)
        {
            value = Unsafe.ReadUnaligned<T>(host);
            return true;
        }

        return TryReadMapped(gpa, out value);
    }

    private bool TryReadMapped<T>(ulong gpa, out T value)
        where T : unmanaged
    {
        Unsafe.SkipInit(out T read);
        bool there = _mapped is { } mapped && (gpa & (PageSize - 1)) + (ulong)sizeof(T) <= PageSize &&
            mapped.Read(gpa, (byte*)&read, sizeof(T)) == sizeof(T);
        Unsafe.SkipInit(out value);
        value = there ? read : default;
        return there;
    }

    private int ReadInPage(ulong gpa, Span<byte> buffer)
    {
        // A declared region ends at a page's end, so that one page is never half declared.
        byte* declared = FindDeclared(gpa, (uint)buffer.Length);
        if (declared != null)
        {
            new ReadOnlySpan<byte>(declared, buffer.Length).CopyTo(buffer);
            return buffer.Length;
        }

        fixed (byte* to = buffer)
            return _mapped is { } mapped ? mapped.Read(gpa, to, buffer.Length) : 0;
    }

    /// <summary>Where declared bytes are in this process, while the caller holds its claim; null: they are not declared.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* FindDeclared(ulong gpa, uint size)
    {
        foreach (ref readonly GuestMemoryRegion region in Volatile.Read(ref _regions).AsSpan())
        {
            ulong offset = gpa - region.Gpa;
            if (offset < region.Size && size <= region.Size - offset)
                return region.Host + offset;
        }

        return null;
    }

    /// <summary>Reads a paging entry, which lies at a multiple of its size, and tells where it is in this process, if it is declared.
    /// False: it is not there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadEntry(ulong gpa, out ulong entry, out byte* host)
    {
        // Regions are whole pages, so that what begins in one ends in it. Most guests have few, and the first is the largest part.
        GuestMemoryRegion[] regions = Volatile.Read(ref _regions);
        if (regions.Length != 0)
        {
            ref readonly GuestMemoryRegion first = ref MemoryMarshal.GetArrayDataReference(regions);
            ulong offset = gpa - first.Gpa;
            if (offset < first.Size)
            {
                host = first.Host + offset;
                entry = Unsafe.ReadUnaligned<ulong>(host);
                return true;
            }
        }

        return TryReadEntryElsewhere(gpa, out entry, out host);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryReadEntryElsewhere(ulong gpa, out ulong entry, out byte* host)
    {
        host = FindDeclared(gpa, sizeof(ulong));
        if (host == null)
            return TryReadMapped(gpa, out entry);
        entry = Unsafe.ReadUnaligned<ulong>(host);
        return true;
    }

    /// <summary>Reads paging entries, each from an address of its own. False: one of them is not there.</summary>
    /// <param name="addresses">The first guest-physical address.</param>
    /// <param name="stride">Words from one address to the next.</param>
    /// <param name="count">Number of entries, at most <see cref="Translation.MaxLevels"/>.</param>
    /// <param name="mode">Mode, which says how large an entry is.</param>
    /// <param name="entries">The entries.</param>
    [SkipLocalsInit]
    public bool TryReadEntries(ulong* addresses, int stride, int count, PagingMode mode, ulong* entries)
    {
        byte** hosts = stackalloc byte*[Translation.MaxLevels];
        bool isAtHand = mode != PagingMode.Bits32 && _mapped is not null;
        for (int i = 0; i < count && isAtHand; i++)
        {
            hosts[i] = FindDeclared(addresses[i * stride], sizeof(ulong));
            if (hosts[i] == null)
                hosts[i] = _mapped!.FindByte(addresses[i * stride]);
            isAtHand = hosts[i] != null;
        }

        // All in one guarded read, where their pages are mapped already.
        if (isAtHand && _mapped!.TryGather(entries, hosts, count))
            return true;

        for (int i = 0; i < count; i++)
        {
            if (mode == PagingMode.Bits32)
            {
                if (!TryRead(addresses[i * stride], out uint half))
                    return false;
                entries[i] = half;
            }
            else if (!TryRead(addresses[i * stride], out entries[i]))
            {
                return false;
            }
        }

        return true;
    }
}
