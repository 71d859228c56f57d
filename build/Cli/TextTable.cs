using System;
using System.Collections.Generic;
using System.Linq;

namespace Build.Cli;

/// <summary>Rows of words in columns as wide as they need to be.</summary>
public sealed class TextTable(params string[] headings)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells)
    {
        if (cells.Length != headings.Length)
            throw new ArgumentException($"{cells.Length} cells for {headings.Length} columns", nameof(cells));
        _rows.Add(cells);
    }

    public IEnumerable<string> Lines()
    {
        int[] widths = [.. headings.Select((heading, column) => _rows.Select(r => r[column].Length).Append(heading.Length).Max())];
        yield return Line(headings, widths);
        yield return Line([.. widths.Select(width => new string('-', width))], widths);
        foreach (string[] row in _rows)
            yield return Line(row, widths);
    }

    private static string Line(string[] cells, int[] widths) =>
        string.Join(Gap, cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
}
