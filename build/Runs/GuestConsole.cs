using System;
using System.IO;

namespace Build.Runs;

/// <summary>What somebody who sits in front of a running guest can do. For one thread.</summary>
public sealed class GuestConsole(Action<string, int> waitFor, TextWriter keyboard, QmpConnection monitor)
{
    /// <summary>Returns when so many lines of the run, of the guest or the plug-in, have a text in them. Throws when it ends without.</summary>
    public void WaitFor(string text, int count = 1) => waitFor(text, count);

    /// <summary>Gives a line to whoever reads the guest's console.</summary>
    public void Type(string line)
    {
        keyboard.Write(line + "\n");
        keyboard.Flush();
    }

    /// <summary>Gives a command to QEMU's monitor, as a person would; returns what that prints.</summary>
    public string Monitor(string command) => monitor.Command(command);
}
