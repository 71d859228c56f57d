using System;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace Tests.Native;

/// <summary>The published library shows what the header declares and nothing else.</summary>
public sealed partial class ExportsTests
{
    /// <summary>What the runtime exports for debuggers.</summary>
    private const string DebugHeader = "DotNetRuntimeDebugHeader";

    private static readonly string[] SystemLibraries =
        ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"];

    [Fact]
    public void FunctionsAreThoseOfTheHeader()
    {
        Assert.NotEmpty(HeaderFunctions.Names);
        Assert.Equal(HeaderFunctions.Names, SharedObject.Functions(NativeTools.LibraryPath));
    }

    [Fact]
    public void NothingElseIsExportedButTheDebugHeader() =>
        Assert.Equal(DebugHeader, Assert.Single(SharedObject.Others(NativeTools.LibraryPath), name => !VersionNode().IsMatch(name)));

    [Fact]
    public void TheTestVariantExportsFiveFunctionsMore() =>
        Assert.Equal(
            ["IntTestAllocatedBytes", "IntTestHookFrame", "IntTestHookTranslation", "IntTestUnhookFrame", "IntTestUnhookTranslation"],
            SharedObject.Functions(NativeTools.TestLibraryPath)
                .Except(HeaderFunctions.Names, StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void TheNameIsThatOfTheFirstInterface() =>
        Assert.Matches(@"\(SONAME\)\s+Library soname: \[libintrocore\.so\.1\]", SharedObject.Dynamic(NativeTools.LibraryPath));

    [Fact]
    public void ItIsNeverUnloaded() => Assert.Matches(@"\(FLAGS_1\).*\bNODELETE\b", SharedObject.Dynamic(NativeTools.LibraryPath));

    [Fact]
    public void ItNeedsOnlyTheSystemsOwnLibraries() =>
        Assert.All(
            Needed().Matches(SharedObject.Dynamic(NativeTools.LibraryPath)),
            match => Assert.Contains(match.Groups["name"].Value, SystemLibraries, StringComparer.Ordinal));

    [GeneratedRegex(@"^V\d+(\.\d+)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionNode();

    [GeneratedRegex(@"\(NEEDED\).*\[(?<name>[^\]]+)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Needed();
}
