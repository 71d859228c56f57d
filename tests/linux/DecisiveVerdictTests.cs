using System;
using System.Collections.Generic;
using Build.Runs;
using Xunit;

namespace Tests.Linux;

/// <summary>It is the library's verdict that stops the write: where the verdict is another, the same write lands.</summary>
[Collection(GuestCollection.Name)]
public sealed class DecisiveVerdictTests
{
    [Fact]
    public void AnInvertedVerdictLetsTheAttackLand() => AssertLands(
        LinuxGuest.Options with
        {
            Library = LinuxGuest.Paths.TestLibrary,
            Environment = Variable("INTROCORE_TEST_INVERT_VERDICTS", "1"),
        });

    [Fact]
    public void TheSameLibraryWithoutInversionBlocks()
    {
        GuestRunResult run = LinuxGuest.Run(LinuxGuest.Options with { Library = LinuxGuest.Paths.TestLibrary });

        LinuxGuest.AssertEndedWith(GuestVerdict.Blocked, run);
    }

    [Fact]
    public void ALibraryThatAllowsEverythingLetsTheAttackLand() => AssertLands(
        LinuxGuest.Options with
        {
            Library = LinuxGuest.Paths.AllowAllLibrary,
            Environment = Variable("INTROCORE_REAL", LinuxGuest.Paths.Library),
        });

    private static void AssertLands(GuestRunOptions options)
    {
        GuestRunResult run = LinuxGuest.Run(options);
        LinuxGuest.AssertEndedWith(GuestVerdict.Landed, run);
        Assert.NotNull(run.Outcomes[0].Alert);
    }

    private static Dictionary<string, string> Variable(string name, string value) =>
        new(StringComparer.Ordinal) { [name] = value };
}
