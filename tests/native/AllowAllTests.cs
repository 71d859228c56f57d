using System;
using System.Collections.Generic;
using Xunit;

namespace Tests.Native;

/// <summary>The stand-in that lets every store happen does just that, and nothing else.</summary>
public sealed class AllowAllTests
{
    private static readonly DriverProgram Program = new("proxy", "proxy.c");

    [Fact]
    public void EveryStoreIsAllowedWhileTheRealEngineAlerts() =>
        Program.AssertHolds(
            [NativeTools.BuildAllowAll()],
            new Dictionary<string, string>(StringComparer.Ordinal) { ["INTROCORE_REAL"] = NativeTools.LibraryPath });

    [Fact]
    public void ItExportsWhatTheHeaderDeclares() =>
        Assert.Equal(HeaderFunctions.Names, SharedObject.Functions(NativeTools.BuildAllowAll()));
}
