using System;
using System.Collections.Generic;

namespace Build.Runs;

/// <summary>Reads <c>key=value key="a value"</c>; a word without an equals sign is passed over.</summary>
public static class FieldReader
{
    public static IReadOnlyDictionary<string, string> Read(string text)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        int at = 0;
        while (at < text.Length)
        {
            if (text[at] == ' ')
            {
                at++;
                continue;
            }

            int end = EndOfWord(text, at);
            int equals = text.IndexOf('=', at, end - at);
            if (equals > at)
                fields[text[at..equals]] = text[(equals + 1)..end].Trim('"');
            at = end;
        }

        return fields;
    }

    private static int EndOfWord(string text, int at)
    {
        bool quoted = false;
        for (; at < text.Length && (quoted || text[at] != ' '); at++)
        {
            if (text[at] == '"')
                quoted = !quoted;
        }

        return at;
    }
}
