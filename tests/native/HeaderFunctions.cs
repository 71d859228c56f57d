using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Tests.Native;

/// <summary>The functions that introcore.h declares.</summary>
public static partial class HeaderFunctions
{
    /// <summary>Their names, in ordinal order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Declaration().Matches(File.ReadAllText(Repository.Header)).Select(match => match.Groups["name"].Value)
            .Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^INTROCORE_API\s[^(;]*?\b(?<name>\w+)\s*\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declaration();
}
