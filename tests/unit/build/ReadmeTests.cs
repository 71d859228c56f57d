using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Build;
using Build.Runs;
using Build.Verbs;
using Xunit;

namespace Tests.Unit.BuildProgram;

/// <summary>What the README promises is there.</summary>
public sealed partial class ReadmeTests
{
    private static readonly ProjectPaths _paths = ProjectPaths.Find();
    private static readonly string _text = File.ReadAllText(_paths.In("README.md"));

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)#]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link { get; }

    [GeneratedRegex(
        @"\./build\.ps1 (?<verb>[a-z]+)|`(?<verb>[a-z]+) (?<option>--[a-z]+)( [^`]+)?`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Command { get; }

    [Fact]
    public void ItsLinksResolve()
    {
        string[] targets = [.. Link.Matches(_text).Select(m => m.Groups["target"].Value)];
        Assert.True(targets.Length > 5, _text);

        Assert.DoesNotContain(targets, target => !target.Contains("://", StringComparison.Ordinal)
            && !File.Exists(_paths.In(target)) && !Directory.Exists(_paths.In(target)));
    }

    [Fact]
    public void ItsCommandsExist()
    {
        MatchCollection commands = Command.Matches(_text);
        Assert.True(commands.Count > 4, _text);

        List<string> unknown = [];
        foreach (Match command in commands)
        {
            string name = command.Groups["verb"].Value, option = command.Groups["option"].Value;
            IVerb? verb = VerbTable.All.FirstOrDefault(v => string.Equals(v.Name, name, StringComparison.Ordinal));
            bool known = verb is not null
                && (option.Length == 0 || verb.Options.Any(o => string.Equals(o.Name, option, StringComparison.Ordinal)));
            if (!known)
                unknown.Add(command.Value);
        }

        Assert.Empty(unknown);
    }

    [Fact]
    public void ItsTranscriptIsOfTheDemoAsItIs()
    {
        foreach (string kind in AttackKinds.Demo)
        {
            Assert.Contains($"attack: what={kind} ", _text, StringComparison.Ordinal);
            string row = $"{kind} +{Regex.Escape(AttackKinds.Describe(kind))} .* yes, BLOCKED";
            Assert.Matches(new Regex("^" + row, RegexOptions.Multiline, TimeSpan.FromSeconds(1)), _text);
        }
    }

    [Fact]
    public void TheBenchmarksHaveTheirPlace()
    {
        string[] parts = _text.Split("<!-- benchmarks -->");
        Assert.Equal(2, parts.Length);
        Assert.Equal(2, parts[1].Split("<!-- /benchmarks -->").Length);
    }
}
