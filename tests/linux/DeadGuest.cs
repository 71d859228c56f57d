using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.IO.MemoryMappedFiles;
using System.Text;
using Build.Runs;
using Engine.Guests.Linux;
using Engine.Memory;
using Engine.Symbols;
using Xunit;

namespace Tests.Linux;

/// <summary>
/// A real kernel at one moment: its memory and registers, taken from outside while it was stopped, and what it said of itself just before.
/// </summary>
internal sealed unsafe class DeadGuest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("introcore-guest-").FullName;
    private readonly Dictionary<string, byte[]> _facts = new(StringComparer.Ordinal);
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public DeadGuest(GuestRunOptions options)
    {
        string line = Path.Combine(_folder, "line");
        string memory = Path.Combine(_folder, "memory");
        Run = LinuxGuest.Run(options with
        {
            KernelArguments = $"facts=1 {options.KernelArguments}".TrimEnd(),
            Attacks = ["none"],
            MemoryMiB = MemoryMiB,
            QemuArguments = [.. options.QemuArguments, "-serial", $"file:{line}"],
            Script = console => Take(console, memory, options.Cpus),
        });
        using (FileStream stream = File.OpenRead(line))
        using (GZipStream text = new(stream, CompressionMode.Decompress))
        using (TarReader archive = new(text))
        {
            while (archive.GetNextEntry() is { } entry)
            {
                using MemoryStream bytes = new();
                entry.DataStream?.CopyTo(bytes);
                _facts[Path.GetFileName(entry.Name)] = bytes.ToArray();
            }
        }

        _file = MemoryMappedFile.CreateFromFile(memory, FileMode.Open);
        _view = _file.CreateViewAccessor();
        byte* host = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref host);
        Assert.True(Memory.TryAdd(0, (ulong)MemoryMiB << 20, host, out _));
        Detection = new LinuxDetection(Memory, new TextCpus(Registers));
        foreach (WorkStep step in Detection.Run())
            _ = step;
    }

    public const int MemoryMiB = 256;

    public GuestRunResult Run { get; }

    /// <summary>What QEMU prints of the registers of each vCPU.</summary>
    public List<string> Registers { get; } = [];

    public GuestMemory Memory { get; } = new();

    public LinuxDetection Detection { get; }

    public LinuxKernel Kernel => Detection.Kernel ?? throw new InvalidOperationException(Detection.Reason + "\n" + Run.Text());

    public IEnumerable<string> FactNames => _facts.Keys;

    public byte[] Fact(string name) => _facts[name];

    public string[] Lines(string name) => Encoding.ASCII.GetString(Fact(name)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose()
    {
        Detection.Kernel?.Dispose();
        Detection.Dispose();
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Take(GuestConsole console, string memory, int cpus)
    {
        console.WaitFor("guest: facts sent");
        console.Monitor("stop");
        Assert.Equal("", console.Monitor($"pmemsave 0 0x{MemoryMiB << 20:x} \"{memory}\""));
        Registers.AddRange(console.Monitor("info registers -a").Split("CPU#")[1..]);
        Assert.Equal(cpus, Registers.Count);
        console.Monitor("cont");
        console.Type("");
    }
}
