using Build.Cli;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class VerbArgumentsTests
{
    private static readonly VerbOption[] _options = [new("--allow", null, ""), new("--cpus", "N", "")];

    [Fact]
    public void SwitchesAndValuesAreRead()
    {
        VerbArguments arguments = VerbArguments.Parse(_options, ["--cpus", "2", "--allow"]);

        Assert.True(arguments.Has("--allow"));
        Assert.Equal(2, arguments.Count("--cpus", 1));
        Assert.Equal(1, VerbArguments.Parse(_options, []).Count("--cpus", 1));
    }

    [Fact]
    public void AWordIsTakenWhereOneMayBe()
    {
        VerbOption[] options = [.. _options, new("SECONDS", Value: null, "")];

        Assert.Equal(20, VerbArguments.Parse(options, ["20", "--allow"]).Count("SECONDS", 1));
        Assert.False(VerbArguments.Parse(options, ["--allow"]).Has("SECONDS"));
        Assert.Throws<BuildException>(() => VerbArguments.Parse(options, ["--nothing"]));
    }

    [Theory]
    [InlineData("--nothing")]
    [InlineData("--cpus")]
    [InlineData("word")]
    public void WhatIsNoOptionIsRefused(string argument)
    {
        BuildException error = Assert.Throws<BuildException>(() => VerbArguments.Parse(_options, [argument]));

        Assert.Equal(ExitCode.Usage, error.ExitCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("x")]
    public void WhatIsNoNumberIsRefused(string value)
    {
        VerbArguments arguments = VerbArguments.Parse(_options, ["--cpus", value]);

        Assert.Equal(ExitCode.Usage, Assert.Throws<BuildException>(() => arguments.Count("--cpus", 1)).ExitCode);
    }
}
