using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Build.Cli;

/// <summary>The options that were given to a verb, checked against those that it has.</summary>
public sealed class VerbArguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private VerbArguments()
    {
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string? Value(string name) => _values.GetValueOrDefault(name);

    /// <summary>The value as a number from 1 up, or the default.</summary>
    public int Count(string name, int otherwise)
    {
        if (!_values.TryGetValue(name, out string? text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw new BuildException(ExitCode.Usage, $"{name}: '{text}' is not a number from 1 up");
    }

    public static VerbArguments Parse(IReadOnlyList<VerbOption> options, IReadOnlyList<string> arguments)
    {
        VerbArguments parsed = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            string word = arguments[i];
            VerbOption option = options.FirstOrDefault(o => !o.IsWord && string.Equals(o.Name, word, StringComparison.Ordinal))
                ?? options.FirstOrDefault(o => o.IsWord && !word.StartsWith("--", StringComparison.Ordinal))
                ?? throw new BuildException(ExitCode.Usage, $"unknown option '{word}'");
            if (option.IsWord)
                parsed._values[option.Name] = word;
            else if (option.Value is null)
                parsed._values[option.Name] = "";
            else if (++i < arguments.Count)
                parsed._values[option.Name] = arguments[i];
            else
                throw new BuildException(ExitCode.Usage, $"{option.Name} needs a value: {option.Display}");
        }

        return parsed;
    }
}
