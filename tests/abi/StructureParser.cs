using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Tests.Abi;

/// <summary>Reads the members of a structure from C: scalars, arrays, bit-fields, and structures and unions within.</summary>
internal sealed partial class StructureParser
{
    private readonly List<string> _tokens;
    private readonly List<HeaderMember> _members = [];
    private int _next;

    private StructureParser(IEnumerable<string> tokens)
    {
        _tokens = [.. tokens];
    }

    /// <summary>The members of a body, those of inner aggregates after their own.</summary>
    public static IReadOnlyList<HeaderMember> Parse(string body)
    {
        StructureParser parser = new(Token().Matches(body).Select(match => match.Value));
        while (parser._next < parser._tokens.Count)
            parser.ReadMember("");
        return parser._members;
    }

    [GeneratedRegex(@"\w+|[^\s\w]", RegexOptions.None, 5000)]
    private static partial Regex Token();

    private void ReadMember(string prefix)
    {
        string type = Take();
        if (type is "struct" or "union" && Peek() is "{")
        {
            ReadAggregate(prefix);
            return;
        }

        // A type is one name here; what follows up to the end are declarators.
        do
        {
            while (Peek() is "*")
                Take();
            string name = Take();
            SkipArray();
            bool bits = Peek() is ":";
            if (bits)
            {
                Take();
                Take();
            }

            _members.Add(new HeaderMember(prefix + name, bits));
        }
        while (Take() is ",");
    }

    private void ReadAggregate(string prefix)
    {
        int first = _members.Count;
        Take();
        while (Peek() is not "}")
            ReadMember("");
        Take();
        string name = Take();
        bool array = SkipArray();
        if (Take() is not ";")
            throw new InvalidDataException($"one name is expected for the aggregate {name}");

        List<HeaderMember> inner = [.. _members[first..]];
        _members.RemoveRange(first, inner.Count);
        _members.Add(new HeaderMember(prefix + name, IsBits: false));
        foreach (HeaderMember member in inner)
            _members.Add(member with { Path = $"{prefix}{name}{(array ? "[0]" : "")}.{member.Path}" });
    }

    private bool SkipArray()
    {
        bool array = false;
        while (Peek() is "[")
        {
            array = true;
            while (Take() is not "]")
            {
                // Up to its end.
            }
        }

        return array;
    }

    private string Peek() => _next < _tokens.Count ? _tokens[_next] : "";

    private string Take() =>
        _next < _tokens.Count ? _tokens[_next++] : throw new InvalidDataException("the structure ends within a member");
}
