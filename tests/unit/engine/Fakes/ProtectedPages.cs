using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Tests.Unit.Fakes;

/// <summary>Pages of this process that a test can make inaccessible.</summary>
internal sealed unsafe partial class ProtectedPages : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly int _pages;

    public ProtectedPages(int pages)
    {
        _pages = pages;
        Address = (byte*)Map(0, (nuint)pages * GuestRam.PageSize, ReadWrite, PrivateAnonymous, -1, 0);
        Assert.NotEqual(-1, (nint)Address);
    }

    public byte* Address { get; }

    public void Write<T>(ulong offset, T value)
        where T : unmanaged => Unsafe.WriteUnaligned(Address + offset, value);

    /// <summary>Makes a page fault on every access.</summary>
    public void Forbid(int page) => Assert.Equal(0, Protect((nint)Address + (page * GuestRam.PageSize), GuestRam.PageSize, 0));

    public void Dispose() => _ = Unmap((nint)Address, (nuint)_pages * GuestRam.PageSize);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
