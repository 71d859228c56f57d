using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Build.Cli;
using Build.Tools;

namespace Build.Runs;

/// <summary>
/// Boots a guest in QEMU and records what its console and the plug-in say. The emulator runs under timeout(1), so that it ends
/// even if this process does not live to end it; nothing but the processes of this run is ever stopped.
/// </summary>
public sealed class GuestRun
{
    private const int TimeoutExitCode = 124;
    private const int KilledExitCode = 128 + 9;
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    private readonly GuestRunOptions _options;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<TranscriptLine> _transcript = [];
    private readonly Lock _lock = new();

    /// <summary>The socket of QEMU's monitor.</summary>
    private readonly string _monitor = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    private GuestRun(GuestRunOptions options) => _options = options;

    public static GuestRunResult Run(GuestRunOptions options) => new GuestRun(options).Run();

    private GuestRunResult Run()
    {
        List<string> arguments = Arguments();
        ProcessStartInfo start = Tool.StartInfo("timeout", arguments, Environment.CurrentDirectory);
        foreach ((string key, string value) in _options.Qemu.Environment.Concat(_options.Environment))
            start.Environment[key] = value;

        using Process process = new() { StartInfo = start };
        Tool.Start(process, start.FileName);
        Task readers = Task.WhenAll(
            ReadLines(process.StandardOutput, LineSource.Guest), ReadLines(process.StandardError, LineSource.Qemu));
        if (_options.Script is not null)
            Steer(process, readers, _options.Script);
        process.StandardInput.Close();
        bool ended = process.WaitForExit(_options.Timeout + _grace);
        if (!ended)
            process.Kill(entireProcessTree: true);
        process.WaitForExit(_grace);
        readers.Wait(_grace);

        lock (_lock)
        {
            return new GuestRunResult
            {
                CommandLine = string.Join(' ', arguments.Prepend(start.FileName).Select(Quoted)),
                ExitCode = process.HasExited ? process.ExitCode : -1,
                TimedOut = !ended || process.ExitCode is TimeoutExitCode or KilledExitCode,
                Elapsed = _clock.Elapsed,
                Transcript = [.. _transcript],
            };
        }
    }

    private void Steer(Process process, Task readers, Action<GuestConsole> script)
    {
        bool isThrough = false;
        try
        {
            using QmpConnection monitor = QmpConnection.Open(_monitor);
            script(new GuestConsole((text, count) => WaitFor(text, count, readers), process.StandardInput, monitor));
            isThrough = true;
        }
        finally
        {
            if (!isThrough)
                process.Kill(entireProcessTree: true);
            File.Delete(_monitor);
        }
    }

    private void WaitFor(string text, int count, Task readers)
    {
        while (true)
        {
            bool isOver = readers.IsCompleted;
            List<TranscriptLine> soFar;
            lock (_lock)
            {
                soFar = [.. _transcript];
            }

            if (soFar.Count(l => l.Text.Contains(text, StringComparison.Ordinal)) >= count)
                return;
            if (isOver)
            {
                throw new BuildException(
                    $"the run has ended without '{text}' {count} times:\n{string.Join('\n', soFar.Select(l => l.Text))}");
            }

            Thread.Sleep(_pause);
        }
    }

    private List<string> Arguments()
    {
        string seconds = _options.Timeout.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        List<string> arguments =
        [
            "--foreground", "-k", "5", seconds, _options.Qemu.File, .. _options.Qemu.Arguments,
            "-accel", "tcg", "-cpu", _options.CpuModel, "-smp", Text(_options.Cpus),
            "-m", Text(_options.MemoryMiB), "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-action", _options.MayReboot ? "reboot=reset" : "reboot=shutdown", "-kernel", _options.Images.Kernel, "-initrd", _options.Images.Initramfs,
            "-append", KernelArguments(),
        ];
        if (_options.Plugin is not null)
            arguments.AddRange(["-plugin", PluginArgument(_options.Plugin)]);
        if (_options.Script is not null)
            arguments.AddRange(["-qmp", $"unix:{_monitor},server=on,wait=off"]);
        arguments.AddRange(_options.QemuArguments);
        return arguments;
    }

    private string KernelArguments()
    {
        IEnumerable<string> words =
        [
            "console=ttyS0", "quiet", "panic=-1", "attack=" + string.Join(',', _options.Attacks),
            .. _options.AttackParameters.Select(p => "attack_" + p), _options.KernelArguments,
        ];
        return string.Join(' ', words).TrimEnd();
    }

    private string PluginArgument(string plugin)
    {
        List<string> parts = [$"file={plugin}"];
        if (_options.Library is not null)
            parts.Add($"lib={_options.Library}");
        parts.Add($"options=0x{_options.EngineOptions:x}");
        parts.Add($"guards=0x{_options.Guards:x}");
        parts.AddRange(_options.PluginArguments);
        return string.Join(',', parts);
    }

    private async Task ReadLines(StreamReader reader, LineSource source)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } raw)
        {
            string text = ConsoleText.Clean(raw);
            if (text.Length > 0)
                Add(source, text);
        }
    }

    private void Add(LineSource source, string text)
    {
        PluginEvent? parsed = source == LineSource.Qemu ? PluginLineParser.Parse(text) : null;
        lock (_lock)
        {
            TranscriptLine line = new(_clock.Elapsed, parsed is null ? source : LineSource.Plugin, text, parsed);
            _transcript.Add(line);
            _options.Live?.Invoke(line);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"'{argument}'" : argument;
}
