using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Tests.Native;

namespace Tests.Abi;

/// <summary>What introcore.h declares, read from its text: names of types, members, enumerators, macros.</summary>
internal static partial class HeaderText
{
    private static readonly string Text = File.ReadAllText(Repository.Header);

    private static readonly string Code = Comment().Replace(Text, " ");

    /// <summary>The whole text.</summary>
    public static string Whole => Text;

    /// <summary>Structures, each with its members in order.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<HeaderMember>> Structures { get; } =
        Structure().Matches(Code).ToDictionary(
            match => match.Groups["name"].Value,
            match => StructureParser.Parse(match.Groups["body"].Value),
            StringComparer.Ordinal);

    /// <summary>Enumerations, each with its enumerators in order.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Enumerations { get; } =
        Enumeration().Matches(Code).ToDictionary(
            match => match.Groups["name"].Value,
            match => (IReadOnlyList<string>)[.. Enumerator().Matches(match.Groups["body"].Value).Select(item => item.Value)],
            StringComparer.Ordinal);

    /// <summary>Scalar types.</summary>
    public static IReadOnlyList<string> Scalars { get; } =
        [.. Scalar().Matches(Code).SelectMany(match => match.Groups["names"].Value.Split(','))
            .Select(name => name.Trim()).Where(name => name[0] != '*')];

    /// <summary>Pointers to functions.</summary>
    public static IReadOnlyList<string> FunctionTypes { get; } =
        [.. FunctionType().Matches(Code).Select(match => match.Groups["name"].Value)];

    /// <summary>Macros that stand for a value.</summary>
    public static IReadOnlyList<string> Constants { get; } =
        [.. Macro().Matches(Code).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether a name is declared in the part that the header marks as additions, or has one of their prefixes.</summary>
    public static bool IsAddition(string name)
    {
        string[] prefixes = ["VCPU_", "vcpu", "INTRO_GUEST_", "INTRO_GUARD_", "INTROCORE_"];
        if (prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            return true;
        int additions = Text.IndexOf("---- additions ----", StringComparison.Ordinal);
        return additions >= 0 && Regex.IsMatch(Text[..additions], $@"\b{name}\b", RegexOptions.None, TimeSpan.FromSeconds(5)) is false;
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline, 5000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"typedef struct _(?<name>\w+) \{(?<body>.*?)\n\} \k<name>\b", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Structure();

    [GeneratedRegex(@"typedef enum _(?<name>\w+) \{(?<body>.*?)\n\} \k<name>\b", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Enumeration();

    [GeneratedRegex(@"\w+(?=\s*=)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Enumerator();

    [GeneratedRegex(@"^typedef [\w ]+? (?<names>[A-Z][\w, *]*);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Scalar();

    [GeneratedRegex(@"^typedef \w+ \(\*(?<name>PFUNC_\w+)\)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex FunctionType();

    [GeneratedRegex(@"^#define (?<name>\w+)[ \t]+\S", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Macro();
}
