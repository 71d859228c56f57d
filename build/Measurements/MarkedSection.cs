using System;

namespace Build.Measurements;

/// <summary>Text between <c>&lt;!-- NAME --&gt;</c> and <c>&lt;!-- /NAME --&gt;</c> of a page.</summary>
public static class MarkedSection
{
    /// <summary>The text between the marks, null if the page has none.</summary>
    public static string? Read(string page, string name) =>
        Find(page, name) is { } range ? page[range].Trim('\n') : null;

    /// <summary>The page with other text between the marks; null if it has none.</summary>
    public static string? Replace(string page, string name, string content) =>
        Find(page, name) is { } range
            ? $"{page[..range.Start]}\n{content.Trim('\n')}\n{page[range.End..]}"
            : null;

    private static Range? Find(string page, string name)
    {
        string begin = $"<!-- {name} -->";
        int start = page.IndexOf(begin, StringComparison.Ordinal);
        int end = page.IndexOf($"<!-- /{name} -->", StringComparison.Ordinal);
        return start < 0 || end < start ? null : (start + begin.Length)..end;
    }
}
