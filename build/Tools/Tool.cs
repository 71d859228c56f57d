using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Build.Cli;

namespace Build.Tools;

/// <summary>Runs other programs.</summary>
public static class Tool
{
    private const int TailLines = 40;

    // A compiler server may inherit the pipes and outlive the program that was asked for: do not wait for it.
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(2);

    /// <summary>Runs a program that has to succeed; its output is shown only if it fails, and kept in a log.</summary>
    public static string Check(BuildContext context, string name, string program, params IEnumerable<string> arguments)
    {
        List<string> list = [.. arguments];
        ToolResult result = Run(program, list, context.Paths.Root);
        Directory.CreateDirectory(context.Paths.Logs);
        string log = Path.Combine(context.Paths.Logs, name + ".log");
        File.WriteAllText(log, $"{CommandLine(program, list)}\n{result.Output}");
        if (result.ExitCode == 0)
            return result.Output;

        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string tail = string.Join('\n', lines.TakeLast(TailLines));
        throw new BuildException(
            $"{name} failed: {program} exited {result.ExitCode}\n{tail}\n"
            + $"command: {CommandLine(program, list)}\nwhole output: {Path.GetRelativePath(context.Paths.Root, log)}");
    }

    /// <summary>Runs a program and gathers what it prints.</summary>
    public static ToolResult Run(string program, IReadOnlyList<string> arguments, string directory)
    {
        StringBuilder output = new();
        int exitCode = Stream(program, arguments, directory, line =>
        {
            lock (output)
                output.Append(line).Append('\n');
        });
        lock (output)
            return new ToolResult(exitCode, output.ToString());
    }

    /// <summary>Runs a program whose lines go to the reader as they come.</summary>
    public static int Stream(string program, IReadOnlyList<string> arguments, string directory, Action<string> line)
    {
        using Process process = new() { StartInfo = StartInfo(program, arguments, directory) };
        process.OutputDataReceived += (_, e) => Pass(line, e.Data);
        process.ErrorDataReceived += (_, e) => Pass(line, e.Data);
        Start(process, program);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        WaitForExit(process);
        return process.ExitCode;
    }

    public static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string directory)
    {
        ProcessStartInfo info = new(program)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    public static void Start(Process process, string program)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception error)
        {
            throw new BuildException(ExitCode.Missing, $"cannot start {program}: {error.Message}; install it or put it on PATH");
        }
    }

    private static void WaitForExit(Process process)
    {
        process.WaitForExit(int.MaxValue);
        using CancellationTokenSource patience = new(_drain);
        try
        {
            process.WaitForExitAsync(patience.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // Somebody else still holds the pipes; the program itself has ended.
        }
    }

    private static void Pass(Action<string> line, string? text)
    {
        if (text is not null)
            line(text);
    }

    private static string CommandLine(string program, IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Prepend(program).Select(a => a.Contains(' ', StringComparison.Ordinal) ? $"'{a}'" : a));
}
