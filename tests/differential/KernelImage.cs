using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace Tests.Differential;

/// <summary>The kernel inside of a bzImage, unpacked to a file (Linux, Documentation/arch/x86/boot.rst: setup_sects, payload_offset,
/// payload_length).</summary>
internal static class KernelImage
{
    private const int SetupSectors = 0x1F1;
    private const int PayloadOffset = 0x248;
    private const int SectorSize = 512;

    /// <summary>Unpacks it with the program that its first bytes ask for.</summary>
    public static void Unpack(string image, string target)
    {
        byte[] bytes = File.ReadAllBytes(image);
        int start = ((bytes[SetupSectors] + 1) * SectorSize) + BitConverter.ToInt32(bytes, PayloadOffset);
        int length = BitConverter.ToInt32(bytes, PayloadOffset + sizeof(int));

        // The kernel's size follows what is packed; only lz4 takes it for more of the same.
        string program = BitConverter.ToUInt32(bytes, start) switch
        {
            0x184C_2102 => "lz4",
            0xFD2F_B528 => "zstd",
            0x587A_37FD => "xz",
            uint other => throw new InvalidDataException($"a kernel packed in an unknown way: {other:x8}"),
        };
        ProcessStartInfo startInfo = new(program)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        startInfo.ArgumentList.Add("-dc");
        using Process process = Process.Start(startInfo) ?? throw new InvalidOperationException($"{program} does not start");
        Task feeding = Task.Run(() => Feed(process, bytes.AsMemory(start, length - sizeof(uint))));
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using (FileStream file = File.Create(target))
            process.StandardOutput.BaseStream.CopyTo(file);
        feeding.Wait();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidDataException($"{program} ends with {process.ExitCode}: {errors.Result}");
    }

    private static void Feed(Process process, ReadOnlyMemory<byte> bytes)
    {
        process.StandardInput.BaseStream.Write(bytes.Span);
        process.StandardInput.Close();
    }
}
