using System.Collections.Generic;
using System.IO;
using Build.Verbs;

namespace Build.Cli;

/// <summary>Prints how the program is called.</summary>
public static class Usage
{
    public static void Write(TextWriter to, IReadOnlyList<IVerb> verbs)
    {
        to.WriteLine("usage: ./build.ps1 VERB [OPTION]...");
        foreach (IVerb verb in verbs)
        {
            to.WriteLine();
            Write(to, verb);
        }

        to.WriteLine();
        to.WriteLine("exit codes: 0 done, 1 failed, 2 called the wrong way, 3 something has to be installed first");
    }

    public static void Write(TextWriter to, IVerb verb)
    {
        to.WriteLine($"  {verb.Name,-8} {verb.Summary}");
        foreach (VerbOption option in verb.Options)
            to.WriteLine($"             {option.Display,-20} {option.Help}");
    }
}
