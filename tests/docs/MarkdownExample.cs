using System;
using System.IO;
using Tests.Native;

namespace Tests.Docs;

/// <summary>Programs that a page shows.</summary>
internal static class MarkdownExample
{
    /// <summary>The text of the first block of that kind behind a heading.</summary>
    public static string Block(string page, string heading, string kind)
    {
        string text = File.ReadAllText(Repository.In(page));
        string fence = "```" + kind + "\n";
        int section = text.IndexOf(heading, StringComparison.Ordinal);
        int start = section < 0 ? -1 : text.IndexOf(fence, section, StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf("```\n", start + fence.Length, StringComparison.Ordinal);
        return end < 0
            ? throw new InvalidOperationException($"{page} has no {kind} block behind '{heading}'")
            : text[(start + fence.Length)..end];
    }
}
