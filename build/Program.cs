using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Build.Cli;
using Build.Debian;
using Build.Tools;
using Build.Verbs;

namespace Build;

/// <summary>The build program: finds the verb, sees to what it needs, runs it, and turns errors into exit codes.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            Usage.Write(Console.Error, VerbTable.All);
            return ExitCode.Usage;
        }

        string name = args[0] is "-h" or "--help" ? "help" : args[0];
        IVerb? verb = VerbTable.All.FirstOrDefault(v => string.Equals(v.Name, name, StringComparison.Ordinal));
        if (verb is null)
        {
            Console.Error.WriteLine($"build.ps1: unknown verb '{name}'");
            Usage.Write(Console.Error, VerbTable.All);
            return ExitCode.Usage;
        }

        return Run(verb, args[1..]);
    }

    private static int Run(IVerb verb, IReadOnlyList<string> arguments)
    {
        try
        {
            VerbArguments parsed = VerbArguments.Parse(verb.Options, arguments);
            BuildContext context = new(ProjectPaths.Find(), new Progress(Console.Out));
            RequirementInstaller.Provide(verb.Requirements, context.Progress);
            return verb.Run(context, parsed);
        }
        catch (BuildException error)
        {
            Console.Out.Flush();
            Console.Error.WriteLine($"build.ps1 {verb.Name}: {error.Message}");
            if (error.ExitCode == ExitCode.Usage)
                Usage.Write(Console.Error, verb);
            return error.ExitCode;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"build.ps1 {verb.Name}: {error.Message}\n{error.StackTrace}");
            return ExitCode.Failed;
        }
    }
}
