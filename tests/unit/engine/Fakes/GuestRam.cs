using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine.Memory;
using Xunit;

namespace Tests.Unit.Fakes;

/// <summary>A block of guest-physical memory of a test, from address 0 or another page on.</summary>
internal sealed unsafe class GuestRam : IDisposable
{
    public const int PageSize = 4096;

    private byte* _host;

    public GuestRam(int pages, ulong gpa = 0)
    {
        Gpa = gpa;
        Size = (ulong)pages * PageSize;
        _host = (byte*)NativeMemory.AlignedAlloc((nuint)Size, PageSize);
        new Span<byte>(_host, (int)Size).Clear();
    }

    /// <summary>Guest-physical address of its first byte.</summary>
    public ulong Gpa { get; }

    public ulong Size { get; }

    /// <summary>Where it is in this process.</summary>
    public byte* Host => _host;

    /// <summary>Whether [gpa, gpa + size) lies in it.</summary>
    public bool Contains(ulong gpa, ulong size) => gpa >= Gpa && gpa - Gpa <= Size && size <= Size - (gpa - Gpa);

    public byte* At(ulong gpa)
    {
        if (!Contains(gpa, 1))
            Assert.Fail($"the test itself touches {gpa:x}, which is not in its memory");
        return _host + (gpa - Gpa);
    }

    public T Read<T>(ulong gpa)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(At(gpa));

    public void Write<T>(ulong gpa, T value)
        where T : unmanaged => Unsafe.WriteUnaligned(At(gpa), value);

    public void WriteBytes(ulong gpa, params ReadOnlySpan<byte> bytes) => bytes.CopyTo(new Span<byte>(At(gpa), bytes.Length));

    public void ClearPage(ulong gpa) => new Span<byte>(At(gpa), PageSize).Clear();

    /// <summary>A GuestMemory that knows all of it.</summary>
    public GuestMemory Declare()
    {
        GuestMemory memory = new();
        Assert.True(memory.TryAdd(Gpa, Size, _host, out _));
        return memory;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_host);
        _host = null;
    }
}
