using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using Tests.Native;

namespace Tests.Differential;

/// <summary>What Zydis says of a stretch of 64-bit code, read from the program of zydis-decoder.c instruction by instruction.</summary>
internal sealed class ZydisCode : IDisposable
{
    private const string Header = "/usr/include/Zydis/Zydis.h";

    private static readonly Lazy<string> Program = new(() =>
    {
        string target = Repository.In("artifacts/test/native/zydis-decoder");
        NativeTools.Compile(target, ["-O2", Repository.In("tests/differential/zydis-decoder.c"), "-lZydis"]);
        return target;
    });

    private readonly Process _process;
    private readonly BufferedStream _output;
    private readonly ZydisOperand[] _operands = new ZydisOperand[8];

    public ZydisCode(CodeSection section, ReadOnlySpan<ulong> registers)
    {
        ProcessStartInfo start = new(Program.Value)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        foreach (string argument in (IEnumerable<string>)[section.Path, Text(section.Offset), Text(section.Size), Text(section.Address)])
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("the decoder does not start");
        _process.StandardInput.BaseStream.Write(MemoryMarshal.AsBytes(registers));
        _process.StandardInput.Close();
        _output = new BufferedStream(_process.StandardOutput.BaseStream, 1 << 20);
    }

    /// <summary>Whether Zydis is there to be compiled against.</summary>
    public static bool IsInstalled => File.Exists(Header);

    /// <summary>Bytes of the instruction; 0: none begins here.</summary>
    public int Length { get; private set; }

    /// <summary>What it does with memory.</summary>
    public ReadOnlySpan<ZydisOperand> Operands => _operands.AsSpan(0, Count);

    private int Count { get; set; }

    /// <summary>Goes to the next instruction, or byte. False: the code has ended.</summary>
    public bool Read()
    {
        Span<byte> head = stackalloc byte[2];
        int got = _output.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (got == 0)
            return false;

        Length = head[0];
        Count = head[1];
        _output.ReadExactly(MemoryMarshal.AsBytes(_operands.AsSpan(0, Count)));
        return true;
    }

    public void Dispose()
    {
        _output.Dispose();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
