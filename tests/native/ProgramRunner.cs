using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;

namespace Tests.Native;

/// <summary>Runs programs with standard output, standard error and file descriptor 3 in files.</summary>
public static class ProgramRunner
{
    /// <summary>Longest that a program may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">A path, or a name on PATH.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set besides those of this process.</param>
    public static ProgramRun Run(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string folder = Directory.CreateTempSubdirectory("introcore-test-").FullName;
        try
        {
            string output = Path.Combine(folder, "output");
            string errors = Path.Combine(folder, "errors");
            string report = Path.Combine(folder, "report");

            // The shell opens the files, which Process cannot, and is then replaced by the program.
            ProcessStartInfo start = new("/bin/sh");
            foreach (string argument in (string[])["-c", "exec \"$@\" >\"$OUTPUT\" 2>\"$ERRORS\" 3>\"$REPORT\"", "sh", program])
                start.ArgumentList.Add(argument);
            foreach (string argument in arguments)
                start.ArgumentList.Add(argument);
            start.Environment["OUTPUT"] = output;
            start.Environment["ERRORS"] = errors;
            start.Environment["REPORT"] = report;
            foreach ((string name, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
                start.Environment[name] = value;

            using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
            int exitCode = ProgramRun.TimedOut;
            if (process.WaitForExit(Limit))
            {
                exitCode = process.ExitCode;
            }
            else
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            return new ProgramRun(exitCode, Read(output), Read(errors), Read(report));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
