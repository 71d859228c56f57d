using System.Collections.Generic;

namespace Build.Debian;

/// <summary>What each kind of work needs beyond the .NET SDK.</summary>
public static class Requirements
{
    /// <summary>The library and the glue.</summary>
    public static IReadOnlyList<Requirement> Native { get; } =
    [
        new("gcc", "gcc"),
        new("libc6-dev", "/usr/include/stdio.h"),
        new("pkg-config", "pkg-config"),
        new("libglib2.0-dev", "/usr/lib/x86_64-linux-gnu/pkgconfig/glib-2.0.pc", "/usr/lib64/pkgconfig/glib-2.0.pc"),
    ];

    /// <summary>A guest with a Debian kernel, a module of our own in it, and the emulator that runs it.</summary>
    public static IReadOnlyList<Requirement> Guest { get; } =
    [
        .. Native,
        new("qemu-system-x86", "qemu-system-x86_64"),
        new("make", "make"),
        new("libelf1", "/usr/lib/x86_64-linux-gnu/libelf.so.1", "/usr/lib64/libelf.so.1"),
        new("libssl3", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/lib64/libcrypto.so.3"),
        new("apt", "apt-get"),
        new("dpkg", "dpkg-deb"),
    ];

    /// <summary>The benchmarks: valgrind counts instructions.</summary>
    public static IReadOnlyList<Requirement> Bench { get; } =
    [
        .. Guest,
        new("valgrind", "valgrind"),
    ];

    /// <summary>The tests: the header is tried with a C++ compiler too, Unicorn is asked what 32- and 16-bit code does, and
    /// Zydis how the code of a library and of a kernel reads, which is packed, and bpftool which types a kernel has.</summary>
    public static IReadOnlyList<Requirement> Tests { get; } =
    [
        .. Bench,
        new("g++", "g++"),
        new("libunicorn-dev", "/usr/include/unicorn/unicorn.h"),
        new("libzydis-dev", "/usr/include/Zydis/Zydis.h"),
        new("bpftool", "/usr/sbin/bpftool"),
        new("lz4", "lz4"),
        new("zstd", "zstd"),
        new("xz-utils", "xz"),
    ];
}
