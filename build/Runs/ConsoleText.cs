using System.Text;

namespace Build.Runs;

/// <summary>Takes what a terminal would act upon out of a console's line.</summary>
public static class ConsoleText
{
    private const char Escape = '\x1b';

    public static string Clean(string line)
    {
        StringBuilder text = new(line.Length);
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == Escape)
                i = EndOfEscape(line, i);
            else if (line[i] == '\t' || !char.IsControl(line[i]))
                text.Append(line[i]);
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>A sequence is ESC [ parameters and a letter, or ESC and one character.</summary>
    private static int EndOfEscape(string line, int at)
    {
        at++;
        if (at < line.Length && line[at] == '[')
        {
            do
                at++;
            while (at < line.Length && !char.IsAsciiLetter(line[at]));
        }

        return at;
    }
}
