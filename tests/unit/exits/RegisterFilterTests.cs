using Engine.Hooks;
using Xunit;

namespace Tests.Unit.Exits;

/// <summary>Which changes of a register reach a hook.</summary>
public sealed class RegisterFilterTests
{
    [Theory]
    [InlineData(0x0, 0x0)]
    [InlineData(0x5, 0x7)]
    public void WithoutFilterEveryAccessPasses(ulong before, ulong after) =>
        Assert.True(default(RegisterFilter).Passes(before, after));

    [Theory]
    [InlineData(0x7, 0x7, false)]
    [InlineData(0x7, 0x6, true)]
    [InlineData(0x0, 0x8000_0000_0000_0000, true)]
    public void AnyOtherValuePasses(ulong before, ulong after, bool passes) =>
        Assert.Equal(passes, RegisterFilter.Changed.Passes(before, after));

    [Theory]
    [InlineData(0x30, 0x30, false)]
    [InlineData(0x30, 0x3F, false)]
    [InlineData(0x3F, 0x30, false)]
    [InlineData(0x00, 0x30, false)]
    [InlineData(0x30, 0x10, true)]
    [InlineData(0x10, 0x20, true)]
    public void ABitThatIsClearedPasses(ulong before, ulong after, bool passes) =>
        Assert.Equal(passes, RegisterFilter.Cleared(0x30).Passes(before, after));
}
