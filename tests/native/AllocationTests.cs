using Xunit;

namespace Tests.Native;

/// <summary>No managed allocation on any exit path, in the library as it is published.</summary>
public sealed class AllocationTests
{
    private static readonly DriverProgram Program = new("allocation", "allocation.c");

    [Fact]
    public void ExitsOfEveryKindAllocateNothing() => Program.AssertHolds([NativeTools.TestLibraryPath]);
}
