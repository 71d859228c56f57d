using System;
using System.Diagnostics;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Tests.Native;

namespace Tests.Differential;

/// <summary>A program that executes single instructions; cases go to and fro through a file that both map.</summary>
internal sealed unsafe class OracleProcess : IDisposable
{
    /// <summary>Cases of one half of the file: the oracle executes one half while the other is prepared.</summary>
    public const int HalfCapacity = 512;

    private const int Capacity = 2 * HalfCapacity;

    private static readonly Lazy<string> Host = new(() => Compile("host-processor", "-no-pie"));
    private static readonly Lazy<string> Unicorn = new(() => Compile("unicorn-processor", "-lunicorn"));

    private readonly Process _process;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly string _path;
    private OracleCase* _cases;

    private OracleProcess(string program)
    {
        _path = Path.Combine(Directory.CreateTempSubdirectory("introcore-oracle-").FullName, "cases");
        long size = (long)Capacity * sizeof(OracleCase);
        _file = MemoryMappedFile.CreateFromFile(_path, FileMode.CreateNew, mapName: null, size);
        _view = _file.CreateViewAccessor();
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _cases = (OracleCase*)pointer;
        ProcessStartInfo start = new(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(_path);
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        OracleFacts facts = default;
        Receive(MemoryMarshal.AsBytes(new Span<OracleFacts>(ref facts)));
        Facts = facts;
    }

    /// <summary>A case of a half.</summary>
    public ref OracleCase this[int half, int index] => ref _cases[(half * HalfCapacity) + index];

    /// <summary>The processor of this machine.</summary>
    public static OracleProcess StartHost() => new(Host.Value);

    /// <summary>Unicorn, or null and the reason why not.</summary>
    public static OracleProcess? StartUnicorn(out string reason)
    {
        reason = "";
        if (!File.Exists("/usr/include/unicorn/unicorn.h"))
        {
            reason = "libunicorn-dev is not installed";
            return null;
        }

        return new OracleProcess(Unicorn.Value);
    }

    /// <summary>What it has said of itself.</summary>
    public OracleFacts Facts { get; }

    /// <summary>Lets it execute cases of a half, from the first on, in place; <see cref="Finish"/> waits for that.</summary>
    public void Start(int half, int count)
    {
        ReadOnlySpan<int> request = [half * HalfCapacity, count];
        Stream input = _process.StandardInput.BaseStream;
        input.Write(MemoryMarshal.AsBytes(request));
        input.Flush();
    }

    /// <summary>Waits until it has executed what was started.</summary>
    public void Finish()
    {
        Span<byte> answer = stackalloc byte[2 * sizeof(int)];
        Receive(answer);
    }

    private void Receive(Span<byte> answer)
    {
        if (_process.StandardOutput.BaseStream.ReadAtLeast(answer, answer.Length, throwOnEndOfStream: false) < answer.Length)
        {
            _process.WaitForExit();
            throw new InvalidOperationException($"the oracle has ended with {_process.ExitCode}");
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _cases = null;
        _view.Dispose();
        _file.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }

    private static string Compile(string name, string option)
    {
        string target = Repository.In("artifacts/test/native/" + name);
        NativeTools.Compile(target, [Repository.In($"tests/differential/{name}.c"), option]);
        return target;
    }
}
