using System;
using System.IO;
using Build;
using Build.Tools;
using Xunit;

namespace Tests.Unit.BuildProgram;

public sealed class StampTests : IDisposable
{
    private readonly ProjectPaths _paths = new(Directory.CreateTempSubdirectory("introcore-stamp-").FullName);

    private string Input => _paths.In("input");

    private string Output => _paths.In("output");

    public void Dispose() => Directory.Delete(_paths.Root, recursive: true);

    [Fact]
    public void AStepRunsAgainOnlyIfItsInputsChangedOrItsOutputIsGone()
    {
        File.WriteAllText(Input, "1");
        Assert.True(Run());
        Assert.False(Run());

        File.SetLastWriteTimeUtc(Input, DateTime.UtcNow.AddHours(1));
        Assert.False(Run());

        File.WriteAllText(Input, "2");
        Assert.True(Run());
        Assert.False(Run());

        File.Delete(Output);
        Assert.True(Run());
    }

    [Fact]
    public void AStepThatFailedIsNotDone()
    {
        File.WriteAllText(Input, "1");
        Assert.True(Run());
        File.WriteAllText(Input, "2");
        Assert.Throws<InvalidOperationException>(() => Run(() => throw new InvalidOperationException()));

        File.WriteAllText(Input, "1");
        Assert.True(Run());
    }

    private bool Run() => Run(() => File.WriteAllText(Output, ""));

    private bool Run(Action make)
    {
        using Fingerprint inputs = new Fingerprint().Files(Input);
        return new Stamp(_paths, "step").Run(inputs, [Output], make);
    }
}
